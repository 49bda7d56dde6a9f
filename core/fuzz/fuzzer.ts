import type { Clock } from "../platform/clock.ts";
import { messageOf } from "../platform/failure.ts";
import { pickOne, type Random, seededRandom } from "../platform/random.ts";
import { type Material, mutate } from "./mutate.ts";
import { type FuzzTarget, type Outcome, outcomeOf } from "./target.ts";

/** An input for which a target threw, made as small as it gets. */
export interface Finding {
  readonly input: Uint8Array;
  readonly message: string;
  readonly stack: string;
}

export interface FuzzReport {
  readonly executions: number;
  readonly accepted: number;
  readonly ms: number;
  /** Different ways that inputs took, by what the parser said of them. */
  readonly ways: number;
  /** The first inputs of ways that neither seeds nor corpus take, each as small as it gets. */
  readonly discoveries: readonly Uint8Array[];
  /** By how much the heap has grown since the fuzzer knew its way around, garbage collected; undefined if nobody asked. */
  readonly heapGrowthBytes: number | undefined;
  readonly finding: Finding | undefined;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly corpus: readonly Uint8Array[];
  readonly executionsMax: number;
  readonly msMax: number;
  readonly clock: Clock;
  /** How many discoveries are wanted. */
  readonly discoveriesMax?: number;
  /** Is told each input before it runs: the last one is the culprit if the run does not come back. */
  readonly onInput?: (input: Uint8Array) => void;
  /** Bytes of the heap that are in use, garbage collected. */
  readonly heapBytes?: () => number;
}

const poolMax = 1000;
/** Inputs that others are made from are small: a change of a large one rarely hits what matters. */
const pooledBytesMax = 8 * 1024;
const unchangedShare = 0.03;
/** Most inputs are made from those that the parser takes: there are many more ways to be refused. */
const takenShare = 0.7;
const minimizingExecutionsMax = 1500;

/**
 * Feeds a target inputs made from its seeds and corpus until something is found or a bound is reached. An input of which
 * the parser says something that it has said of none before is kept, and others are made from it: refusals that say what
 * is wrong tell as much of the way through a parser as its branches do, and cost nothing.
 */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { clock, executionsMax, msMax, heapBytes } = options;
  const random = seededRandom(options.seed);
  const pool: Uint8Array[] = [...(await target.seeds()), ...options.corpus];
  const taken: Uint8Array[] = [];
  const material: Material = {
    pool,
    words: (target.words ?? []).map((word) => (typeof word === "string" ? Buffer.from(word) : word)),
    cborFrom: target.cborFrom,
    bytesMax: target.bytesMax,
  };
  const ways = new Set<string>();
  const known = pool.length;
  const found: { readonly input: Uint8Array; readonly accepted: boolean }[] = [];
  const startedAt = clock.monotonic();
  let executions = 0;
  let accepted = 0;
  let finding: Finding | undefined;
  let settledHeap: number | undefined;
  const elapsed = () => clock.monotonic() - startedAt;
  const run = (input: Uint8Array) => {
    options.onInput?.(input);
    return outcomeOf(target, input);
  };

  while (!finding && executions < executionsMax && (executions < known || executions % 8 !== 0 || elapsed() < msMax)) {
    const next = executions < known ? (pool[executions] as Uint8Array) : nextInput(random, taken, material);
    const input = placed(next, random);
    const isKnown = executions++ < known;
    try {
      const outcome = await run(input);
      if (outcome.accepted) accepted++;
      if (isKnown && outcome.accepted) taken.push(next);
      if (!ways.has(outcome.way)) {
        ways.add(outcome.way);
        if (!isKnown && input.length <= pooledBytesMax && pool.length < poolMax) {
          pool.push(next);
          if (outcome.accepted) taken.push(next);
          found.push({ input: next, accepted: outcome.accepted });
        }
      }
    } catch (cause) {
      finding = await smallFinding(run, Uint8Array.from(input), cause);
    }
    if (heapBytes && settledHeap === undefined && elapsed() > msMax / 2) settledHeap = heapBytes();
  }
  const ms = elapsed();
  return {
    executions,
    accepted,
    ms,
    ways: ways.size,
    discoveries: finding
      ? []
      : await inTurn(mostTelling(found, options.discoveriesMax ?? 0), (of) => smallest(run, of)),
    heapGrowthBytes: heapBytes && settledHeap !== undefined ? heapBytes() - settledHeap : undefined,
    finding,
  };
}

function nextInput(random: Random, taken: readonly Uint8Array[], material: Material): Uint8Array {
  const from = taken.length > 0 && random.unit() < takenShare ? taken : material.pool;
  const base = from.length > 0 ? pickOne(random, from) : new Uint8Array(0);
  return random.unit() < unchangedShare ? base : mutate(random, base, material);
}

/** As sockets hand bytes on: now by themselves, now in the middle of a larger buffer. */
function placed(input: Uint8Array, random: Random): Uint8Array {
  if (random.unit() < 0.5) return Uint8Array.from(input);
  const around = Buffer.alloc(input.length + 16, 0xa5);
  const at = 1 + random.below(8);
  around.set(input, at);
  return around.subarray(at, at + input.length);
}

type Run = (input: Uint8Array) => Promise<Outcome>;

async function smallFinding(run: Run, input: Uint8Array, cause: unknown): Promise<Finding> {
  const nameOf = (thrown: unknown) => (thrown as Error).constructor.name;
  const thrownFor = async (candidate: Uint8Array) => run(candidate).then(() => undefined, nameOf);
  const name = nameOf(cause);
  const small = await minimize(input, async (candidate) => (await thrownFor(candidate)) === name);
  return { input: small, message: messageOf(cause), stack: (cause as Error).stack ?? "" };
}

async function smallest(run: Run, input: Uint8Array): Promise<Uint8Array> {
  const takenBy = async (candidate: Uint8Array) =>
    run(candidate).then(
      ({ way }) => way,
      () => undefined,
    );
  const way = await takenBy(input);
  return minimize(input, async (candidate) => (await takenBy(candidate)) === way);
}

/** Leaves out whatever can be left out, in ever smaller pieces, while the input does what it does. */
async function minimize(input: Uint8Array, does: (candidate: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  let small = input;
  let executions = 0;
  for (let piece = Math.ceil(small.length / 2); piece > 0; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < small.length && executions < minimizingExecutionsMax; ) {
      const candidate = Uint8Array.from(Buffer.concat([small.subarray(0, at), small.subarray(at + piece)]));
      executions++;
      if (await does(candidate)) small = candidate;
      else at += piece;
    }
  }
  return small;
}

/** What was taken before what was refused, and of that some from everywhere. */
function mostTelling(found: readonly { readonly input: Uint8Array; readonly accepted: boolean }[], countMax: number) {
  const taken = found.filter(({ accepted }) => accepted).slice(0, countMax / 2);
  const others = found.filter(({ accepted }) => !accepted);
  const room = countMax - taken.length;
  const step = Math.max(1, others.length / Math.max(1, room));
  const some = others.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step)).slice(0, room);
  return [...taken, ...some].map(({ input }) => input);
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
