import { pickOne, seededRandom } from "../../core/platform/random.ts";
import { median } from "./median.ts";

/** A median with its 95% interval: between these values it would lie if the rounds were drawn again. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The median of one value a round with its 95% percentile bootstrap interval (Efron and Tibshirani, 1993). With five rounds
 * or fewer that is the range from the smallest to the largest; with one, that one value.
 */
export function spreadOf(rounds: readonly number[]): Spread {
  const random = seededRandom(rounds.length);
  const medians = Array.from({ length: resamples }, () =>
    median(Array.from(rounds, () => pickOne(random, rounds))),
  ).sort((a, b) => a - b);
  const at = (share: number) => medians[Math.round(share * (resamples - 1))] ?? Number.NaN;
  return { median: median(rounds), low: at(0.025), high: at(0.975) };
}

const resamples = 1000;
