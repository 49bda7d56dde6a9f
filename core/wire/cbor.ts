import type { DecodeOptions } from "cborg";

/**
 * CBOR (RFC 8949) as both ends accept it: definite lengths, no tags, no duplicate keys, shortest form of each number, text
 * in UTF-8. One value has one encoding, so a parser has fewer ways to be fooled.
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
