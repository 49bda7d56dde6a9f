import { decode, encode } from "cborg";
import { z } from "zod";
import { accepted, type Parsed, refused } from "../platform/parsed.ts";
import { strictDecodeOptions } from "../wire/cbor.ts";

/** What a message says, once opened. Kinds may be added; a client shows one that it does not know as such. */
const contentSchema = z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("text"), text: z.string() })]);

export type Content = z.output<typeof contentSchema>;

export function encodeContent(content: Content): Uint8Array {
  return encode(content);
}

export function parseContent(bytes: Uint8Array): Parsed<Content> {
  try {
    const checked = contentSchema.safeParse(decode(bytes, strictDecodeOptions));
    return checked.success ? accepted(checked.data) : refused(z.prettifyError(checked.error));
  } catch (cause) {
    return refused(`not CBOR: ${(cause as Error).message}`);
  }
}
