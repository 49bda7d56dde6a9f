import { type DecodeOptions, type Token, Tokenizer, Type, tokensToObject } from "cborg";
import type { z } from "zod";
import { messageOf } from "../platform/failure.ts";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { complaintOf, shortened } from "../platform/schema-complaint.ts";

/** What CBOR from outside says, if it is of this form; never throws. */
export function parseCbor<Schema extends z.ZodType>(bytes: Uint8Array, schema: Schema): Parsed<z.output<Schema>> {
  let decoded: unknown;
  try {
    decoded = decodeCbor(bytes);
  } catch (cause) {
    return refused(shortened(`not the CBOR expected: ${messageOf(cause)}`));
  }
  // To the schemas bytes are an object with a key for each.
  if (decoded instanceof Uint8Array) return refused("bytes, where a map is meant");
  const checked = schema.safeParse(decoded);
  return checked.success ? accepted(checked.data) : refused(complaintOf(checked.error));
}

/**
 * CBOR (RFC 8949) as both ends accept it: definite lengths, no tags, no duplicate keys, shortest form of each integer, keys
 * that are text, in any order, text in UTF-8. A parser has fewer ways to be fooled; what is signed or hashed is the bytes
 * received all the same, since one value may have several encodings. Throws for anything else. What comes out is the
 * caller's own, byte strings too.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  // Of a `Buffer` the library would make views.
  const tokenizer = new StrictTokenizer(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  const decoded: unknown = tokensToObject(tokenizer, strictDecodeOptions);
  // The library's sign that there is nothing.
  if (typeof decoded === "symbol") throw new Error("there are no bytes");
  if (!tokenizer.done()) throw new Error("there are bytes behind the end");
  return decoded;
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

/** Arrays and maps within each other: nothing of ours has more than four, and the library calls itself for each. */
const depthMax = 16;

/**
 * Sees to what the library lets pass: whole numbers as floats, text that is no UTF-8, a byte order mark, which it drops,
 * and nesting as deep as its stack goes.
 */
class StrictTokenizer extends Tokenizer {
  /** How many items each array and map around here is still to have, the innermost at `#depth - 1`. */
  readonly #left: number[] = [];
  #depth = 0;

  constructor(bytes: Uint8Array) {
    super(bytes, strictDecodeOptions);
  }

  override next(): Token {
    const start = this.pos();
    const token = super.next();
    if (this.#depth > 0) (this.#left[this.#depth - 1] as number)--;
    switch (token.type.major) {
      case Type.string.major:
        this.#checkText(token, start + headBytes(this.data[start] as number));
        break;
      case Type.array.major:
        this.#enter(token.value as number);
        break;
      case Type.map.major:
        this.#enter(2 * (token.value as number));
        break;
      case Type.float.major:
        if (Number.isInteger(token.value)) throw new Error(`${token.value} is whole and must not be a float`);
        break;
      default:
    }
    while (this.#depth > 0 && this.#left[this.#depth - 1] === 0) this.#depth--;
    return token;
  }

  #enter(items: number): void {
    if (this.#depth === depthMax) throw new Error(`more than ${depthMax} arrays and maps within each other`);
    this.#left[this.#depth++] = items;
  }

  #checkText(token: Token, from: number): void {
    const text = token.value as string;
    // ASCII has as many characters as bytes, and nothing that would have had to be replaced.
    if (text.length === this.pos() - from && !text.includes("\ufffd")) return;
    token.value = utf8.decode(this.data.subarray(from, this.pos()));
  }
}

/** What stands in front of an item's content, by its first byte (RFC 8949 section 3). */
function headBytes(first: number): number {
  const minor = first & 0x1f;
  return minor < 24 ? 1 : 1 + 2 ** (minor - 24);
}
