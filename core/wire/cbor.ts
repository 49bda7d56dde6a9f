import type { DecodeOptions } from "cborg";

/**
 * CBOR (RFC 8949) as both ends accept it: definite lengths, no tags, no duplicate keys, shortest form of each integer, keys
 * that are text, in any order. A parser has fewer ways to be fooled; what is signed or hashed is the bytes received all the
 * same, since one value may have several encodings.
 */
export const strictDecodeOptions: DecodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
};
