import { messageOf } from "../platform/failure.ts";
import { accepted, type Result, refused } from "../platform/result.ts";

/** The OPAQUE library exchanges base64url text; everywhere else it is bytes. */
export const toText = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
export const toBytes = (text: string): Uint8Array => Buffer.from(text, "base64url");

/**
 * Runs a step of the library on the other side's message. The library throws at a wrong message, which is an expected
 * failure, and ignores bytes behind a right one, so the length is checked first.
 */
export function attemptOn<T>(message: Uint8Array, length: number, step: (text: string) => T): Result<T> {
  if (message.length !== length) return refused(`it has ${message.length} bytes instead of ${length}`);
  try {
    return accepted(step(toText(message)));
  } catch (cause) {
    return refused(messageOf(cause));
  }
}
