import { defineBenchmark } from "../benchmark.ts";
import { readEnvironment } from "../document/environment.ts";
import { type MicroComparison, type MicroDocument, microDocument } from "../document/micro-document.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { cryptoFigures } from "../micro/crypto-figures.ts";
import { microCryptoNotes, microCryptoTables } from "../micro/crypto-tables.ts";
import { InlineAndPool, type InlineAndPoolOptions } from "../micro/inline-and-pool.ts";
import { type NativeAndForgeOptions, nativeAndForge } from "../micro/native-and-forge.ts";
import { ownOperations } from "../micro/own-operations.ts";
import { createPeople } from "../micro/people.ts";
import { measureRounds } from "../micro/rounds.ts";
import { option } from "../options.ts";

export const microCrypto = defineBenchmark({
  name: "micro crypto",
  question: "what does `node:crypto` bring over node-forge, and from how many wraps on is the pool worth its way?",
  description: "of the cryptography, each in two ways",
  options: {
    // Even by default, so that both orders of the arms come up equally often.
    rounds: option.whole({ help: "times that everything is measured", default: 6 }),
    seconds: option.positive({ help: "measured time of each arm in each round", default: 0.07 }),
  },
  examples: ["", "--rounds 15 --seconds 0.2 --json crypto.json"],
  schema: microDocument("crypto"),
  table: microCryptoTables,
  notes: microCryptoNotes,
  run: (options, parts) => runMicroCrypto({ ...fixedSettings, ...options }, parts),
});

type CryptoDocument = MicroDocument<"crypto">;
type MicroCryptoRun = Omit<BenchmarkRun<CryptoDocument>, "log">;

interface MicroCryptoSettings extends NativeAndForgeOptions, InlineAndPoolOptions {
  readonly rounds: number;
  readonly seconds: number;
}

/** Settings that no option changes. */
const fixedSettings = {
  rsaBits: [2048, 3072],
  generatedBits: [2048, 3072],
  fernetBytes: [32, 128, 1024, 64 * 1024],
  wrapBatches: [1, 2, 4, 8, 16, 32, 64, 100, 256],
  groupMembers: 1000,
  wrapsPerTask: [10, 25, 50, 100, 250, 1000],
  slow: true,
} as const;

/** Measures `node:crypto` beside JavaScript, FastChat's own operations, and from how many wraps on the pool is worth its way. */
export async function runMicroCrypto(settings: MicroCryptoSettings, parts: MicroCryptoRun): Promise<CryptoDocument> {
  const startedAt = new Date().toISOString();
  const notUsed = { postgres: "not used", synchronousCommit: "not used", fsync: "not used" };
  const environment = readEnvironment(notUsed, undefined);
  const people = await createPeople();
  const inlineAndPool = await InlineAndPool.open(people, settings);
  const document = (comparisons: MicroComparison[]): CryptoDocument => ({
    schemaVersion: 1,
    benchmark: "micro",
    topic: "crypto",
    startedAt,
    environment,
    secondsPerRound: settings.seconds,
    comparisons,
    figures: cryptoFigures(comparisons),
  });
  try {
    const subjects = [
      ...nativeAndForge(people, settings),
      ...(await ownOperations(people)),
      ...(await inlineAndPool.subjects()),
    ];
    const { rounds, seconds } = settings;
    const comparisons = await measureRounds(subjects, {
      rounds,
      seconds,
      signal: parts.signal,
      onStep: (step) => parts.onStep?.(step),
      onMeasured: (soFar) => parts.onMeasured?.(document(soFar)),
    });
    return document(comparisons);
  } finally {
    await inlineAndPool.close();
  }
}
