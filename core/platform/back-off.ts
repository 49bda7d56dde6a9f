import type { Random } from "./random.ts";

/** The bounds of the pauses between tries. */
export interface BackOffBounds {
  /** The longest pause after the first failure. */
  readonly msMin: number;
  /** The longest pause after any failure. */
  readonly msMax: number;
}

/**
 * Milliseconds to wait before another try, after so many failures (from 1): drawn from 0 up to a ceiling that doubles with each
 * failure ("full jitter", Brooker, AWS Architecture Blog, 2015). Clients that lost the same server in one moment come back spread
 * over time.
 */
export function backOffMs(failures: number, { msMin, msMax }: BackOffBounds, random: Random): number {
  return random.unit() * Math.min(msMax, msMin * 2 ** (failures - 1));
}
