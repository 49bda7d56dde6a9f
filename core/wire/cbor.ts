import { isAscii } from "node:buffer";
import { type DecodeOptions, decode, type Token, Tokenizer, Type } from "cborg";
import type { z } from "zod";
import { messageOf } from "../platform/failure.ts";
import { accepted, type Parsed, refused } from "../platform/parsed.ts";
import { complaintOf, shortened } from "../platform/schema-complaint.ts";

/** What CBOR from outside says, if it is of this form; never throws. */
export function parseCbor<Schema extends z.ZodType>(bytes: Uint8Array, schema: Schema): Parsed<z.output<Schema>> {
  let decoded: unknown;
  try {
    decoded = decodeCbor(bytes);
  } catch (cause) {
    return refused(shortened(`not the CBOR expected: ${messageOf(cause)}`));
  }
  const checked = schema.safeParse(decoded);
  return checked.success ? accepted(checked.data) : refused(complaintOf(checked.error));
}

/**
 * CBOR (RFC 8949) as both ends accept it: definite lengths, no tags, no duplicate keys, shortest form of each number, text
 * in UTF-8. But for the order of a map's keys one value has one encoding, so a parser has fewer ways to be fooled. Throws
 * for anything else. What comes out is the caller's own, byte strings too.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  // Of a `Buffer` the library would make views.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return decode(plain, { ...strictDecodeOptions, tokenizer: new StrictTokenizer(plain) });
}

const strictDecodeOptions: DecodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
};

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Sees to what the library lets pass: whole numbers as floats, text that is no UTF-8, and a byte order mark, which it drops. */
class StrictTokenizer extends Tokenizer {
  constructor(bytes: Uint8Array) {
    super(bytes, strictDecodeOptions);
  }

  override next(): Token {
    const start = this.pos();
    const token = super.next();
    if (Type.equals(token.type, Type.string)) {
      const text = this.data.subarray(start + headBytes(this.data[start] as number), this.pos());
      if (!isAscii(text)) token.value = utf8.decode(text);
    } else if (Type.equals(token.type, Type.float) && Number.isInteger(token.value)) {
      throw new Error(`${token.value} is whole and must not be a float`);
    }
    return token;
  }
}

/** What stands in front of an item's content, by its first byte (RFC 8949 section 3). */
function headBytes(first: number): number {
  const minor = first & 0x1f;
  return minor < 24 ? 1 : 1 + 2 ** (minor - 24);
}
