import { inlineWrapsMax, wrapsPerTask } from "../../core/e2ee/offload/client-tasks.ts";
import { poolThreads } from "../../core/platform/pool.ts";
import { readEnvironment } from "../report/environment.ts";
import type { MicroArmResult, MicroComparison, MicroDocument } from "../report/results.ts";
import type { Watch } from "../report/watch.ts";
import { batchGroup, InlineAndPool, type InlineAndPoolOptions } from "./inline-and-pool.ts";
import { type NativeAndForgeOptions, nativeAndForge } from "./native-and-forge.ts";
import { ownOperations } from "./own-operations.ts";
import { createPeople } from "./people.ts";
import { type MicroRoundsOptions, measureRounds } from "./rounds.ts";

export type MicroCryptoOptions = Watch<MicroDocument> &
  Omit<MicroRoundsOptions, keyof Watch<MicroDocument>> &
  NativeAndForgeOptions &
  InlineAndPoolOptions;

export const microCryptoDefaults = {
  /** Even, so that each order of the arms comes up as often as the other. */
  rounds: 6,
  seconds: 0.07,
  rsaBits: [2048, 3072],
  generatedBits: [2048, 3072],
  fernetBytes: [32, 128, 1024, 64 * 1024],
  wrapBatches: [1, 2, 4, 8, 16, 32, 64, 100, 256],
  groupMembers: 1000,
  wrapsPerTask: [10, 25, 50, 100, 250, 1000],
  slow: true,
} as const;

/** What `node:crypto` brings over JavaScript, what FastChat's operations cost, and from where on the pool is worth its way. */
export async function runMicroCrypto(options: MicroCryptoOptions): Promise<MicroDocument> {
  const startedAt = new Date().toISOString();
  const notUsed = { postgres: "not used", synchronousCommit: "not used", fsync: "not used" };
  const environment = readEnvironment(notUsed, undefined);
  const people = await createPeople();
  const inlineAndPool = await InlineAndPool.open(people, options);
  const document = (comparisons: MicroComparison[]): MicroDocument => ({
    schemaVersion: 1,
    benchmark: "micro",
    topic: "crypto",
    startedAt,
    environment,
    secondsPerRound: options.seconds,
    comparisons,
    figures: [
      { name: poolThreadsName, value: poolThreads(), unit: "" },
      { name: lessHeld, value: smallestBatch(comparisons, heldLess), unit: "wraps" },
      { name: worthTheWay, value: smallestBatch(comparisons, costsMoreThanTheWay), unit: "wraps" },
      { name: wayInWait, value: wayOf(comparisons, "microsPerCall"), unit: "µs" },
      { name: wayInCpu, value: wayOf(comparisons, "cpuMicrosPerCall"), unit: "µs" },
      { name: inlineInCode, value: inlineWrapsMax, unit: "wraps" },
      { name: "wrapsPerTask", value: wrapsPerTask, unit: "wraps" },
    ],
  });
  try {
    const subjects = [
      ...nativeAndForge(people, options),
      ...(await ownOperations(people)),
      ...(await inlineAndPool.subjects()),
    ];
    const { rounds, seconds, signal } = options;
    const comparisons = await measureRounds(subjects, {
      rounds,
      seconds,
      signal,
      onStep: (step) => options.onStep?.(step),
      onMeasured: (soFar) => options.onMeasured?.(document(soFar)),
    });
    return document(comparisons);
  } finally {
    await inlineAndPool.close();
  }
}

export const lessHeld = "smallest batch for which the pool holds the caller's loop for less time";
export const worthTheWay = "smallest batch that costs more than the way to the pool and back";
export const wayInWait = "the way to the pool and back, of the caller's wait";
export const wayInCpu = "the way to the pool and back, of the process's CPU time";
export const inlineInCode = "inlineWrapsMax";
export const poolThreadsName = "threads of the pool";

type InlineAndPooled = readonly [inline: MicroArmResult, pool: MicroArmResult];

/** The smallest batch for which, as for every larger one, this is so; null if there is none. */
function smallestBatch(
  comparisons: readonly MicroComparison[],
  isSo: (arms: InlineAndPooled) => boolean,
): number | null {
  let smallest: number | null = null;
  const batches = comparisons.filter(({ group }) => group === batchGroup);
  for (const { size, arms } of batches.sort((a, b) => (b.size ?? 0) - (a.size ?? 0))) {
    if (!isSo([arms[0] as MicroArmResult, arms[1] as MicroArmResult])) break;
    smallest = size;
  }
  return smallest;
}

const heldLess = ([, pool]: InlineAndPooled) => pool.ofFirst.held.high < 1;
/** CPU time, since that is what repeats: with less than twice as much of it, the way is the smaller part. */
const costsMoreThanTheWay = ([, pool]: InlineAndPooled) => pool.ofFirst.cpu.median < 2;

/** What the smallest batch takes more of in the pool, where least is done besides. */
function wayOf(comparisons: readonly MicroComparison[], what: "microsPerCall" | "cpuMicrosPerCall"): number | null {
  const [inline, pool] = comparisons.find(({ group }) => group === batchGroup)?.arms ?? [];
  return inline && pool ? pool[what].median - inline[what].median : null;
}
