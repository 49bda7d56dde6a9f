import { protocolVersion } from "../wire/frame.ts";

/** CBOR (RFC 8949) piece by piece, so that a case can break each of PROTOCOL.md's rules for it. */

/** How many bytes behind the first one have a number: the fewest, where nothing is said. */
type Width = 0 | 1 | 2 | 4 | 8;

const majors = { uint: 0, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;

function head(major: number, value: number, width: Width = shortest(value)): Buffer {
  const first = major << 5;
  if (width === 0) return Buffer.from([first | value]);
  const behind = Buffer.alloc(8);
  behind.writeBigUInt64BE(BigInt(value));
  const minor = { 1: 24, 2: 25, 4: 26, 8: 27 }[width];
  return Buffer.concat([Buffer.from([first | minor]), behind.subarray(8 - width)]);
}

function shortest(value: number): Width {
  if (value < 24) return 0;
  if (value < 2 ** 8) return 1;
  if (value < 2 ** 16) return 2;
  return value < 2 ** 32 ? 4 : 8;
}

export const uint = (value: number, width?: Width) => head(majors.uint, value, width);
export const textItem = (text: string, width?: Width) => textOfBytes(Buffer.from(text), width);
export const textOfBytes = (utf8: Uint8Array, width?: Width) =>
  Buffer.concat([head(majors.text, utf8.length, width), utf8]);
export const bytesItem = (bytes: Uint8Array) => Buffer.concat([head(majors.bytes, bytes.length), bytes]);
export const arrayItem = (...items: readonly Uint8Array[]) =>
  Buffer.concat([head(majors.array, items.length), ...items]);
export const mapItem = (entries: readonly (readonly [string | Uint8Array, Uint8Array])[], width?: Width) =>
  Buffer.concat([head(majors.map, entries.length, width), ...pairs(entries)]);
export const tagged = (tag: number, item: Uint8Array) => Buffer.concat([head(majors.tag, tag), item]);
export const simple = (value: number) => head(majors.simple, value);

/** A double-precision number. */
export function float(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xfb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

const breakByte = Buffer.from([0xff]);
const indefinite = (major: number) => Buffer.from([(major << 5) | 31]);

export const indefiniteMap = (entries: readonly (readonly [string | Uint8Array, Uint8Array])[]) =>
  Buffer.concat([indefinite(majors.map), ...pairs(entries), breakByte]);
export const indefiniteText = (...texts: readonly string[]) =>
  Buffer.concat([indefinite(majors.text), ...texts.map((text) => textItem(text)), breakByte]);

/** So many arrays, each in the one before. */
export const nestedArrays = (depth: number): Buffer =>
  Buffer.concat([...Array.from({ length: depth - 1 }, () => head(majors.array, 1)), head(majors.array, 0)]);

const pairs = (entries: readonly (readonly [string | Uint8Array, Uint8Array])[]) =>
  entries.flatMap(([key, value]) => [typeof key === "string" ? textItem(key) : key, value]);

/** A frame of this kind with these bytes behind its head. */
export const frameOf = (kind: number, ...body: readonly Uint8Array[]) =>
  Buffer.concat([Buffer.from([protocolVersion, kind]), ...body]);
