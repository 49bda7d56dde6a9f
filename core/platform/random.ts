import { itemAt } from "./item-at.ts";

/**
 * Chance, handed in: the same seed replays the same run.
 *
 * Not for secrets: keys, nonces and tokens come from `node:crypto`.
 */
export interface Random {
  /** Uniform over the 32-bit unsigned integers. */
  uint32(): number;
  /** Uniform in [0, 1), with 53 bits. */
  unit(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
  /** Exponentially distributed with the given mean: the gap between arrivals of a Poisson process. */
  exponential(mean: number): number;
  /** A generator whose draws do not disturb this one's, for a part of a run that must replay by itself. */
  fork(): Random;
}

/**
 * A generator that replays from `seed`: sfc32 by Chris Doty-Humphrey (PractRand), whose state is filled by splitmix32.
 * Passes PractRand to terabytes; its period is at least 2^32 for any seed.
 */
export function seededRandom(seed: number): Random {
  let mix = seed >>> 0;
  const splitmix = () => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix ^ (mix >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let counter = 1;

  const uint32 = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) uint32();

  const unit = () => ((uint32() >>> 5) * 0x4000000 + (uint32() >>> 6)) / 2 ** 53;
  return {
    uint32,
    unit,
    below: (bound) => Math.floor(unit() * bound),
    exponential: (mean) => -mean * Math.log(1 - unit()),
    fork: () => seededRandom(uint32()),
  };
}

/** One element of a list that is not empty, each as likely as the other. */
export function pickOne<T>(random: Random, list: readonly T[]): T {
  if (list.length === 0) throw new RangeError("pickOne from an empty list");
  return itemAt(list, random.below(list.length));
}

/** The same elements in random order (Fisher–Yates), in a new array. */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [result[last], result[other]] = [itemAt(result, other), itemAt(result, last)];
  }
  return result;
}
