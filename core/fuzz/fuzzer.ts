import type { Clock } from "../platform/clock.ts";
import { messageOf } from "../platform/failure.ts";
import { pickOne, type Random, seededRandom } from "../platform/random.ts";
import { type Material, mutate } from "./mutate.ts";
import { type FuzzTarget, type Outcome, outcomeOf } from "./target.ts";

/** An input for which a target threw, made as small as possible. */
export interface Finding {
  readonly input: Uint8Array;
  readonly message: string;
  readonly stack: string;
}

export interface FuzzReport {
  readonly executions: number;
  readonly accepted: number;
  readonly ms: number;
  /** How many different ways inputs took, as told apart by what the parser said of them. */
  readonly ways: number;
  /** For each way that neither seeds nor corpus took, the first input that did, made as small as possible. */
  readonly discoveries: readonly Uint8Array[];
  /** By how much the heap grew in the second half of the run, garbage collected; undefined without `heapBytes`. */
  readonly heapGrowthBytes: number | undefined;
  readonly finding: Finding | undefined;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly corpus: readonly Uint8Array[];
  readonly executionsMax: number;
  readonly msMax: number;
  readonly clock: Clock;
  /** How many discoveries the report has at most; none without. */
  readonly discoveriesMax?: number;
  /** Called with each input before it runs: if the run does not come back, the last one is to blame. */
  readonly onInput?: (input: Uint8Array) => void;
  /** Bytes of memory in use, garbage collected. */
  readonly heapBytes?: () => number;
}

const poolMax = 1000;
/** Larger inputs are not changed further: a change to a large one rarely hits the bytes that matter. */
const pooledBytesMax = 8 * 1024;
const unchangedShare = 0.03;
/** This share of inputs is made from accepted ones, or nearly all would be made from refused ones, of which there are more. */
const takenShare = 0.7;
const minimizingExecutionsMax = 1500;

/**
 * Feeds a target inputs made from its seeds and corpus until it throws or a bound is reached. An input of which the parser
 * says something new is kept, and others are made from it: a refusal that says what is wrong shows the way that an input took
 * through the parser as well as covered branches do, and costs nothing.
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
  let heapHalfway: number | undefined;
  const elapsed = () => clock.monotonic() - startedAt;
  const run = (input: Uint8Array) => {
    options.onInput?.(input);
    return outcomeOf(target, input);
  };

  while (!finding && executions < executionsMax && (executions < known || executions % 8 !== 0 || elapsed() < msMax)) {
    const isKnown = executions < known;
    const next = (isKnown ? pool[executions] : undefined) ?? nextInput(random, taken, material);
    const input = asReceived(next, random);
    executions++;
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
    if (heapBytes && heapHalfway === undefined && elapsed() > msMax / 2) heapHalfway = heapBytes();
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
    heapGrowthBytes: heapBytes && heapHalfway !== undefined ? heapBytes() - heapHalfway : undefined,
    finding,
  };
}

function nextInput(random: Random, taken: readonly Uint8Array[], material: Material): Uint8Array {
  const from = taken.length > 0 && random.unit() < takenShare ? taken : material.pool;
  const base = from.length > 0 ? pickOne(random, from) : new Uint8Array(0);
  return random.unit() < unchangedShare ? base : mutate(random, base, material);
}

/** The input as sockets pass bytes on: in a buffer of its own, or in the middle of a larger one. */
function asReceived(input: Uint8Array, random: Random): Uint8Array {
  if (random.unit() < 0.5) return Uint8Array.from(input);
  const around = Buffer.alloc(input.length + 16, 0xa5);
  const at = 1 + random.below(8);
  around.set(input, at);
  return around.subarray(at, at + input.length);
}

type Run = (input: Uint8Array) => Promise<Outcome>;

async function smallFinding(run: Run, input: Uint8Array, cause: unknown): Promise<Finding> {
  const nameOf = (thrown: unknown) => (thrown instanceof Error ? thrown.constructor.name : typeof thrown);
  const thrownFor = async (candidate: Uint8Array) => run(candidate).then(() => undefined, nameOf);
  const name = nameOf(cause);
  const small = await minimize(input, async (candidate) => (await thrownFor(candidate)) === name);
  return { input: small, message: messageOf(cause), stack: stackOf(cause) };
}

/** The stack of whatever a target threw, or its message where it has none. */
export function stackOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.stack : undefined) ?? messageOf(thrown);
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

/** Leaves out pieces of an input, ever smaller ones, as long as the rest still `does` what the input did. */
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

/** Accepted inputs for at most half, then refused ones, evenly spread over the run. */
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
