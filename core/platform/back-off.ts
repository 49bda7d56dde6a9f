import type { Random } from "./random.ts";

/** Within what the pauses between tries are drawn. */
export interface BackOffBounds {
  /** The longest pause after the first failure. */
  readonly msMin: number;
  /** The longest pause after any. */
  readonly msMax: number;
}

/**
 * Milliseconds to wait before another try, after so many failures (from 1): anything up to a ceiling that doubles with each of them
 * ("full jitter", Brooker, AWS Architecture Blog, 2015). Whoever lost the same server at once does not come back at once.
 */
export function backOffMs(failures: number, { msMin, msMax }: BackOffBounds, random: Random): number {
  return random.unit() * Math.min(msMax, msMin * 2 ** (failures - 1));
}
