import { readUint8 } from "../wire/bytes.ts";

/** One data item of CBOR (RFC 8949) within bytes: its form, whether or not a parser accepts it. */
export interface CborItem {
  readonly start: number;
  /** Where the head ends, and the content or the first child begins. */
  readonly content: number;
  readonly end: number;
  readonly major: number;
  /** The number, length or count in the head. */
  readonly argument: number;
  /** An array's elements; a map's keys and values in turn. */
  readonly children: readonly CborItem[];
}

export const majors = { uint: 0, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;
const depthMax = 100;
const itemsMax = 3000;

/** The item that begins at `from`; undefined when the bytes there are not CBOR. */
export function readCbor(bytes: Uint8Array, from: number): CborItem | undefined {
  let items = 0;
  const read = (start: number, depth: number): CborItem | undefined => {
    const first = bytes[start];
    if (first === undefined || depth > depthMax || ++items > itemsMax) return undefined;
    const minor = first & 0x1f;
    const width = minor < 24 ? 0 : minor < 28 ? 2 ** (minor - 24) : -1;
    if (width < 0 || start + 1 + width > bytes.length) return undefined;
    let argument = minor;
    if (width > 0) argument = 0;
    for (let i = 0; i < width; i++) argument = argument * 256 + readUint8(bytes, start + 1 + i);
    const major = first >>> 5;
    const content = start + 1 + width;
    const head = { start, content, major, argument };
    if (major === majors.bytes || major === majors.text) {
      const end = content + argument;
      return end <= bytes.length ? { ...head, end, children: [] } : undefined;
    }
    const count =
      major === majors.array ? argument : major === majors.map ? 2 * argument : major === majors.tag ? 1 : 0;
    const children: CborItem[] = [];
    let end = content;
    for (let i = 0; i < count; i++) {
      const child = read(end, depth + 1);
      if (!child) return undefined;
      children.push(child);
      end = child.end;
    }
    return { ...head, end, children };
  };
  return read(from, 0);
}

/** An item and all items within it. */
export function allItems(item: CborItem): CborItem[] {
  return [item, ...item.children.flatMap(allItems)];
}

/** A head in its shortest form, or in a longer one with `width` bytes after the first. */
export function cborHead(major: number, argument: number, width = widthOf(argument)): Uint8Array {
  const minor = width === 0 ? argument & 0x1f : 24 + Math.log2(width);
  const head = new Uint8Array(1 + width);
  head[0] = (major << 5) | minor;
  for (let i = 0, rest = argument; i < width; i++) {
    head[width - i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return head;
}

function widthOf(argument: number): number {
  if (argument < 24) return 0;
  if (argument < 2 ** 8) return 1;
  if (argument < 2 ** 16) return 2;
  return argument < 2 ** 32 ? 4 : 8;
}

const repeated = (count: number, item: Uint8Array) => Buffer.concat(Array.from({ length: count }, () => item));
const number = (value: number) => cborHead(majors.uint, value);

/** Makers of items of about so many bytes, by what could make the item expensive. */
export const expensiveCbor: Readonly<Record<string, (bytes: number) => Uint8Array>> = {
  "nested arrays": (bytes) => Buffer.concat([Buffer.alloc(bytes - 1, 0x81), number(1)]),
  "nested maps": (bytes) => Buffer.concat([repeated(Math.ceil(bytes / 3), Buffer.from([0xa1, 0x61, 0x61])), number(1)]),
  "many keys": (bytes) => {
    const count = Math.ceil(bytes / 8);
    const pair = (i: number) => Buffer.from([0x66, ...Buffer.from(i.toString(36).padStart(6, "_")), 0x01]);
    return Buffer.concat([cborHead(majors.map, count), ...Array.from({ length: count }, (_, i) => pair(i))]);
  },
  "many numbers": (bytes) => Buffer.concat([cborHead(majors.array, bytes), Buffer.alloc(bytes, 0x01)]),
  "many empty maps": (bytes) => Buffer.concat([cborHead(majors.array, bytes), Buffer.alloc(bytes, 0xa0)]),
  "a long text": (bytes) => Buffer.concat([cborHead(majors.text, bytes), Buffer.alloc(bytes, "ß")]),
  "a long text that is no UTF-8": (bytes) => Buffer.concat([cborHead(majors.text, bytes), Buffer.alloc(bytes, 0xff)]),
  "long bytes": (bytes) => Buffer.concat([cborHead(majors.bytes, bytes), Buffer.alloc(bytes, 7)]),
};

/** The same for a parser whose input is a map: the whole input, and the value under `key`. */
export function expensiveMaps(
  key: string,
  around: (map: Uint8Array) => Uint8Array = (map) => map,
): Record<string, (bytes: number) => Uint8Array> {
  const head = Buffer.concat([Buffer.from([0xa1]), cborHead(majors.text, key.length), Buffer.from(key)]);
  return Object.fromEntries(
    Object.entries(expensiveCbor).flatMap(([what, item]) => [
      [what, (bytes: number) => around(item(bytes))],
      [`${key}: ${what}`, (bytes: number) => around(Buffer.concat([head, item(bytes)]))],
    ]),
  );
}
