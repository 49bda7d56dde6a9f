import { pickOne, type Random, shuffled } from "../platform/random.ts";
import { readUint8 } from "../wire/bytes.ts";
import { allItems, type CborItem, cborHead, expensiveCbor, majors, readCbor } from "./cbor-form.ts";

/** What mutations are made with. */
export interface Material {
  /** Other inputs, to take pieces from. */
  readonly pool: readonly Uint8Array[];
  readonly words: readonly Uint8Array[];
  readonly cborFrom: number | undefined;
  readonly bytesMax: number;
}

/** One or a few changes to an input, which itself stays as it is. */
export function mutate(random: Random, input: Uint8Array, material: Material): Uint8Array {
  let bytes: Uint8Array = input;
  for (let changes = 1 + Math.floor(random.exponential(1)); changes > 0; changes--) {
    const change = pickOne(random, changesFor(material));
    bytes = change(bytes, random, material).subarray(0, material.bytesMax);
  }
  return bytes;
}

type Change = (bytes: Uint8Array, random: Random, material: Material) => Uint8Array;

function changesFor({ words, cborFrom }: Material): readonly Change[] {
  const withWords = words.length > 0;
  if (cborFrom === undefined) return withWords ? textChanges : byteChanges;
  return cborAndByteChanges;
}

/** Numbers at which encodings, widths and limits change. */
const interesting: readonly bigint[] = [
  0n,
  1n,
  0x17n,
  0x18n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Small ranges are as likely as large ones. */
function rangeIn(bytes: Uint8Array, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length + 1);
  const left = bytes.length - from;
  const length = random.unit() < 0.5 ? Math.min(left, 1 + random.below(8)) : random.below(left + 1);
  return [from, from + length];
}

function replaced(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

function noise(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

const flipBit: Change = (bytes, random) => {
  const at = random.below(bytes.length);
  const changed = Buffer.from(bytes);
  if (changed.length > 0) changed[at] = readUint8(changed, at) ^ (1 << random.below(8));
  return changed;
};

const setByte: Change = (bytes, random) => {
  const changed = Buffer.from(bytes);
  if (changed.length > 0) changed[random.below(bytes.length)] = random.below(256);
  return changed;
};

const truncate: Change = (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1));

const cutOut: Change = (bytes, random) => replaced(bytes, ...rangeIn(bytes, random), new Uint8Array(0));

const insertNoise: Change = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, at, noise(random, 1 + random.below(16)));
};

const repeatRange: Change = (bytes, random, { bytesMax }) => {
  const [from, to] = rangeIn(bytes, random);
  const times = random.unit() < 0.9 ? 1 + random.below(3) : 1 + random.below(2000);
  const range = bytes.subarray(from, to);
  const fitting = range.length === 0 ? 0 : Math.min(times, Math.ceil(bytesMax / range.length));
  return replaced(bytes, to, to, Buffer.concat(Array.from({ length: fitting }, () => range)));
};

const swapRanges: Change = (bytes, random) => {
  const [a = 0, b = 0, c = 0] = [0, 0, 0].map(() => random.below(bytes.length + 1)).sort((x, y) => x - y);
  return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, c), bytes.subarray(a, b), bytes.subarray(c)]);
};

const splice: Change = (bytes, random, { pool }) => {
  if (pool.length === 0) return bytes;
  const other = pickOne(random, pool);
  const [from, to] = rangeIn(other, random);
  return replaced(bytes, ...rangeIn(bytes, random), other.subarray(from, to));
};

const setNumber: Change = (bytes, random) => {
  const width = pickOne(random, [1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  const drawn = random.unit() < 0.8 ? pickOne(random, interesting) : BigInt(bytes.length);
  const value = drawn + BigInt(random.below(3) - 1);
  const changed = Buffer.from(bytes);
  const wide = Buffer.alloc(8);
  wide.writeBigUInt64BE(BigInt.asUintN(64, value));
  changed.set(wide.subarray(8 - width), random.below(bytes.length - width + 1));
  return changed;
};

const byteChanges: readonly Change[] = [
  flipBit,
  setByte,
  truncate,
  cutOut,
  insertNoise,
  repeatRange,
  swapRanges,
  splice,
  setNumber,
];

const putWord: Change = (bytes, random, { words }) => {
  const word = pickOne(random, words);
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, random.unit() < 0.5 ? at : Math.min(bytes.length, at + word.length), word);
};

/** Puts a word in the place of a whole number, name or quoted text. */
const putWordForToken: Change = (bytes, random, { words }) => {
  const text = Buffer.from(bytes).toString("latin1");
  const tokens = [...text.matchAll(/"[^"]{0,100}"|-?\d+|\w+/g)];
  if (tokens.length === 0) return bytes;
  const token = pickOne(random, tokens);
  return replaced(bytes, token.index, token.index + token[0].length, pickOne(random, words));
};

const repeatWord: Change = (bytes, random, { words, bytesMax }) => {
  const word = pickOne(random, words);
  const at = random.below(bytes.length + 1);
  const times = Math.min(1 + random.below(20_000), Math.ceil(bytesMax / word.length));
  return replaced(bytes, at, at, Buffer.concat(Array.from({ length: times }, () => word)));
};

const textChanges: readonly Change[] = [
  ...byteChanges,
  ...Array.from({ length: 4 }, () => putWord),
  ...Array.from({ length: 6 }, () => putWordForToken),
  repeatWord,
];

/** A change to one item of the input's CBOR; an input that is no CBOR gets one byte changed. */
function itemChange(
  change: (bytes: Uint8Array, item: CborItem, random: Random, material: Material) => Uint8Array,
): Change {
  return (bytes, random, material) => {
    const root = readCbor(bytes, material.cborFrom ?? 0);
    return root ? change(bytes, pickOne(random, allItems(root)), random, material) : setByte(bytes, random, material);
  };
}

const oddItems: readonly ((random: Random) => Uint8Array)[] = [
  (random) => cborHead(majors.uint, Number(pickOne(random, interesting))),
  (random) => cborHead(1, random.below(300)), // negative
  (random) => Buffer.concat([Buffer.from([0xfb]), noise(random, 8)]),
  () => Buffer.from([0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]), // 1.0, whole and yet a float
  () => Buffer.from([0xf9, 0x7e, 0x00]), // not a number
  (random) => Buffer.from([pickOne(random, [0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xff, 0x80, 0xa0, 0x40, 0x60])]),
  () => Buffer.concat([Buffer.from([0x69]), Buffer.from("__proto__")]),
  () => Buffer.from([0x63, 0xed, 0xa0, 0x80]), // a surrogate, which no UTF-8 has
  () => Buffer.from([0x64, 0xef, 0xbb, 0xbf, 0x61]), // begins with a byte order mark
  (random) => Buffer.concat([cborHead(majors.bytes, 32), noise(random, 32)]),
];

const replaceItem = itemChange((bytes, item, random) =>
  replaced(bytes, item.start, item.end, pickOne(random, oddItems)(random)),
);

const exchangeItem = itemChange((bytes, item, random, { pool, cborFrom = 0 }) => {
  const other = pool.length > 0 ? pickOne(random, pool) : bytes;
  const root = readCbor(other, cborFrom);
  if (!root) return bytes;
  const taken = pickOne(random, allItems(root));
  return replaced(bytes, item.start, item.end, other.subarray(taken.start, taken.end));
});

/** Changes a head, so that it does not fit what follows, or is longer than it has to be. */
const changeHead = itemChange((bytes, { start, content, major, argument }, random) => {
  const by = pickOne(random, [
    () => cborHead(major, argument, pickOne(random, [1, 2, 4, 8])),
    () => cborHead(major, argument + 1),
    () => cborHead(major, Math.max(0, argument - 1)),
    () => cborHead(major, Number(pickOne(random, interesting))),
    () => Buffer.from([(major << 5) | 31]), // indefinite
    () => cborHead(random.below(8), argument),
    () => Buffer.concat([cborHead(majors.tag, random.below(300)), cborHead(major, argument)]),
  ]);
  return replaced(bytes, start, content, by());
});

/** Repeats, removes or reorders an array's elements or a map's pairs, or adds those of another item. */
const changeChildren = itemChange((bytes, item, random, { pool, cborFrom = 0 }) => {
  const parts = partsOf(bytes, item);
  if (parts.length === 0) return bytes;
  const [at, part] = pickOne(random, [...parts.entries()]);
  const others = () => {
    const other = pool.length > 0 ? pickOne(random, pool) : bytes;
    const root = readCbor(other, cborFrom);
    const same = root
      ? allItems(root).filter(({ major, children }) => major === item.major && children.length > 0)
      : [];
    return same.length > 0 ? partsOf(other, pickOne(random, same)) : [];
  };
  const changed = pickOne(random, [
    () => [...parts, part],
    () => parts.toSpliced(at, 1),
    () => shuffled(random, parts),
    () => [...parts, ...others()],
    () => [...parts, ...Array.from({ length: random.below(200) }, () => part)],
  ])();
  return replaced(bytes, item.start, item.end, Buffer.concat([cborHead(item.major, changed.length), ...changed]));
});

function partsOf(bytes: Uint8Array, { major, children }: CborItem): Uint8Array[] {
  const step = major === majors.map ? 2 : 1;
  if (major !== majors.map && major !== majors.array) return [];
  return children.flatMap((first, i) => {
    const last = children[i + step - 1];
    return i % step === 0 && last ? [bytes.subarray(first.start, last.end)] : [];
  });
}

const nestItem = itemChange((bytes, item, random) => {
  const depth = random.unit() < 0.9 ? 1 + random.below(10) : random.below(10_000);
  return replaced(bytes, item.start, item.start, Buffer.alloc(depth, 0x81));
});

const expensive = Object.values(expensiveCbor);

const expensiveItem = itemChange((bytes, item, random, { bytesMax }) => {
  const size = 1 + random.below(random.unit() < 0.9 ? 300 : bytesMax);
  return replaced(bytes, item.start, item.end, pickOne(random, expensive)(size));
});

const cborChanges: readonly Change[] = [
  replaceItem,
  replaceItem,
  exchangeItem,
  exchangeItem,
  changeHead,
  changeChildren,
  changeChildren,
  nestItem,
  expensiveItem,
];
const cborAndByteChanges: readonly Change[] = [...cborChanges, ...byteChanges];
