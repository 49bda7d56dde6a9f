import { type DecodeOptions, type Token, Tokenizer, Type, tokensToObject } from "cborg";
import type { z } from "zod";
import { messageOf } from "../platform/failure.ts";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { complaintOf, shortened } from "../platform/schema-complaint.ts";
import { readUint8 } from "./bytes.ts";

/** The value in CBOR from outside, if this schema takes it; never throws. */
export function parseCbor<Schema extends z.ZodType>(bytes: Uint8Array, schema: Schema): Parsed<z.output<Schema>> {
  let decoded: unknown;
  try {
    decoded = decodeCbor(bytes);
  } catch (cause) {
    return refused(shortened(`not the CBOR expected: ${messageOf(cause)}`));
  }
  // A schema of a map would take bytes for an object with a key for each byte.
  if (decoded instanceof Uint8Array) return refused("bytes, where a map is meant");
  const checked = schema.safeParse(decoded);
  return checked.success ? accepted(checked.data) : refused(complaintOf(checked.error));
}

/**
 * CBOR (RFC 8949) as both ends accept it: definite lengths, no tags, no duplicate keys, shortest form of each integer, keys
 * that are text, in any order, text in UTF-8. Throws for anything else: a strict parser is harder to fool. One value may
 * still have several encodings, so signatures and hashes are over the bytes received. The caller owns what is returned, byte
 * strings too.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  // The library makes views of a `Buffer`, and copies of a plain `Uint8Array`.
  const tokenizer = new StrictTokenizer(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  const decoded: unknown = tokensToObject(tokenizer, strictDecodeOptions);
  // The library returns a symbol when there is nothing to decode.
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

/** Arrays and maps within each other: the protocol needs four, and the library recurses for each. */
const depthMax = 16;

/**
 * Refuses what the library accepts: whole numbers as floats, text that is no UTF-8, and nesting as deep as its stack goes.
 * Keeps a byte order mark, which the library drops.
 */
class StrictTokenizer extends Tokenizer {
  /** How many items the innermost open array or map still needs. */
  #left = Number.POSITIVE_INFINITY;
  /** The same of those around it, the outermost first. */
  readonly #around: number[] = [];

  constructor(bytes: Uint8Array) {
    super(bytes, strictDecodeOptions);
  }

  override next(): Token {
    const start = this.pos();
    const token = super.next();
    this.#left--;
    switch (token.type.major) {
      case Type.string.major:
        this.#checkText(token, start + headBytes(readUint8(this.data, start)));
        break;
      case Type.array.major:
        this.#enter(token.value);
        break;
      case Type.map.major:
        this.#enter(2 * token.value);
        break;
      case Type.float.major:
        if (Number.isInteger(token.value)) throw new Error(`${token.value} is whole and must not be a float`);
        break;
      default:
    }
    while (this.#left === 0) this.#left = this.#around.pop() ?? Number.POSITIVE_INFINITY;
    return token;
  }

  #enter(items: number): void {
    if (this.#around.length === depthMax) throw new Error(`more than ${depthMax} arrays and maps within each other`);
    this.#around.push(this.#left);
    this.#left = items;
  }

  #checkText(token: Token, from: number): void {
    const text: string = token.value;
    // Text of as many characters as bytes is ASCII, where the library had nothing to replace.
    if (text.length === this.pos() - from && !text.includes("\ufffd")) return;
    token.value = utf8.decode(this.data.subarray(from, this.pos()));
  }
}

/** Bytes in front of an item's content, by its first byte (RFC 8949 section 3). */
function headBytes(first: number): number {
  const minor = first & 0x1f;
  return minor < 24 ? 1 : 1 + 2 ** (minor - 24);
}
