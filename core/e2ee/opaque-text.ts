import { accepted, type Parsed, refused } from "../platform/parsed.ts";

/** The OPAQUE library exchanges base64url text; everywhere else it is bytes. */
export const toText = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
export const toBytes = (text: string): Uint8Array => Buffer.from(text, "base64url");

/** The library throws for what the other side sent wrong; that is an expected failure. */
export function attempt<T>(step: () => T): Parsed<T> {
  try {
    return accepted(step());
  } catch (cause) {
    return refused((cause as Error).message);
  }
}
