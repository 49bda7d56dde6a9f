import { inlineWrapsMax, wrapsPerTask } from "../../core/e2ee/offload/client-tasks.ts";
import { poolThreads } from "../../core/platform/pool.ts";
import type { MicroArmResult, MicroComparison, MicroDocument } from "../document/micro-document.ts";
import { batchGroup } from "./inline-and-pool.ts";

export const lessHeld = "smallest batch for which the pool holds the caller's loop for less time";
export const worthTheWay = "smallest batch that costs more than the way to the pool and back";
export const wayInWait = "the way to the pool and back, of the caller's wait";
export const wayInCpu = "the way to the pool and back, of the process's CPU time";
export const inlineInCode = "inlineWrapsMax";
export const poolThreadsName = "threads of the pool";

/** From how many wraps on the pool is worth its way, beside the limits that the program has. */
export function cryptoFigures(comparisons: readonly MicroComparison[]): MicroDocument["figures"] {
  return [
    { name: poolThreadsName, value: poolThreads(), unit: "" },
    { name: lessHeld, value: smallestBatch(comparisons, heldLess), unit: "wraps" },
    { name: worthTheWay, value: smallestBatch(comparisons, costsMoreThanTheWay), unit: "wraps" },
    { name: wayInWait, value: wayOf(comparisons, "microsPerCall"), unit: "µs" },
    { name: wayInCpu, value: wayOf(comparisons, "cpuMicrosPerCall"), unit: "µs" },
    { name: inlineInCode, value: inlineWrapsMax, unit: "wraps" },
    { name: "wrapsPerTask", value: wrapsPerTask, unit: "wraps" },
  ];
}

type InlineAndPooled = readonly [inline: MicroArmResult, pool: MicroArmResult];

/** The smallest batch for which this holds, as it does for every larger one; null if there is none. */
function smallestBatch(
  comparisons: readonly MicroComparison[],
  holds: (arms: InlineAndPooled) => boolean,
): number | null {
  let smallest: number | null = null;
  const batches = comparisons.filter(({ group }) => group === batchGroup);
  for (const { size, arms } of batches.sort((a, b) => (b.size ?? 0) - (a.size ?? 0))) {
    const [inline, pool] = arms;
    if (!inline || !pool || !holds([inline, pool])) break;
    smallest = size;
  }
  return smallest;
}

const heldLess = ([, pool]: InlineAndPooled) => pool.ofFirst.held.high < 1;
/** By CPU time, since it repeats: if the pool takes less than twice as much as inline, the way is the smaller part. */
const costsMoreThanTheWay = ([, pool]: InlineAndPooled) => pool.ofFirst.cpu.median < 2;

/** How much more the smallest batch takes in the pool than inline: nearly all of that is the way. */
function wayOf(comparisons: readonly MicroComparison[], what: "microsPerCall" | "cpuMicrosPerCall"): number | null {
  const [inline, pool] = comparisons.find(({ group }) => group === batchGroup)?.arms ?? [];
  return inline && pool ? pool[what].median - inline[what].median : null;
}
