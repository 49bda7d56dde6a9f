import type { Random } from "./random.ts";

/** The bounds of the pauses between tries. */
export interface BackOffBounds {
  /** The longest pause after the first failure. */
  readonly msMin: number;
  /** The longest pause after any failure. */
  readonly msMax: number;
  /** What of a pause is drawn: all of it, or its second half, where a try at once could do harm. */
  readonly jitter: "full" | "equal";
}

/**
 * Milliseconds to wait before another try, after so many failures (from 1): drawn from 0, or from half, up to a ceiling that
 * doubles with each failure ("full" and "equal" jitter: Brooker, AWS Architecture Blog, 2015). Clients that lost the same
 * server in one moment come back spread over time.
 */
export function backOffMs(failures: number, { msMin, msMax, jitter }: BackOffBounds, random: Random): number {
  const ceiling = Math.min(msMax, msMin * 2 ** (failures - 1));
  return jitter === "full" ? random.unit() * ceiling : ((1 + random.unit()) / 2) * ceiling;
}
