import type { Clock } from "../platform/clock.ts";
import { type FuzzTarget, outcomeOf } from "./target.ts";

/** What inputs of one kind cost a target, as the inputs grow. */
export interface CostRow {
  readonly target: string;
  readonly what: string;
  readonly points: readonly CostPoint[];
  /** The last of these. */
  readonly largest: CostPoint;
  /** Time grows with this power of the size, over the larger half of the sizes: 1 is linear, 2 quadratic. */
  readonly power: number;
  /** Bytes of memory that the largest input takes, garbage included. */
  readonly heapBytes: number;
  /** What is wrong with the costs; undefined if nothing is. */
  readonly complaint: "slow" | "large" | undefined;
}

export interface CostPoint {
  readonly bytes: number;
  readonly ms: number;
}

export interface CostOptions {
  readonly clock: Clock;
  /** How long each size is repeated: the shortest run is the least disturbed. */
  readonly msPerPoint: number;
  /** Bytes of memory in use; collects garbage before if `collect` is set. */
  readonly heapBytes: (collect: boolean) => number;
  readonly bytesMax?: number;
  /** Measures this kind of input alone. */
  readonly only?: string;
}

/** How often sizes double, up to the largest. */
const doublings = 6;
const bytesMin = 64;
/**
 * The part of the largest size that inputs are made for: they get a few bytes longer, and must not be refused for their length.
 */
const lengthShare = 0.98;
/**
 * Time that grows with a greater power than this is `slow`, if it is more than {@link msThatMatter}. Sorting stays below, and so
 * does what caches and garbage collection add for large inputs; quadratic time does not.
 */
const powerMax = 1.6;
const msThatMatter = 1;
const runsMax = 1000;
/** After an input that takes so long, no larger one is tried. */
const slowMs = 1000;
/** Memory that a parser may take for each byte of its input, beyond {@link heapBytesAnyway} for any input. */
const bytesPerByteMax = 100;
const heapBytesAnyway = 4 * 1024 ** 2;

export async function measureCosts(target: FuzzTarget, options: CostOptions): Promise<CostRow[]> {
  const rows: CostRow[] = [];
  for (const [what, make] of Object.entries(await growthOf(target))) {
    if (options.only !== undefined && what !== options.only) continue;
    const points: CostPoint[] = [];
    let heapBytes = 0;
    for (const size of sizesUpTo(Math.min(target.bytesMax, options.bytesMax ?? target.bytesMax) * lengthShare)) {
      const input = make(size);
      const before = options.heapBytes(true);
      await outcomeOf(target, input);
      heapBytes = Math.max(0, options.heapBytes(false) - before);
      const ms = await shortestMs(target, input, options);
      points.push({ bytes: input.length, ms });
      if (ms > slowMs) break;
    }
    const largest = points.at(-1);
    if (!largest) throw new Error(`${target.name} has no size between ${bytesMin} and ${target.bytesMax} bytes`);
    const power = growthPower(points.slice(-4));
    const complaint = complaintAt(target, largest, power, heapBytes);
    rows.push({ target: target.name, what, points, largest, power, heapBytes, complaint });
  }
  return rows;
}

/** Makers of inputs that grow: those of the target's `growth`, and for every target its first seed, repeated. */
export async function growthOf(target: FuzzTarget): Promise<Readonly<Record<string, (bytes: number) => Uint8Array>>> {
  const seed = (await target.seeds()).find(({ length }) => length > 0) ?? Buffer.from([0]);
  return { "the first seed, repeated": (bytes) => Buffer.alloc(bytes, seed), ...target.growth };
}

function complaintAt(
  { heapBytesPerByteMax = bytesPerByteMax }: FuzzTarget,
  { bytes, ms }: CostPoint,
  power: number,
  heapBytes: number,
): CostRow["complaint"] {
  if (power > powerMax && ms > msThatMatter) return "slow";
  return heapBytes > heapBytesAnyway + heapBytesPerByteMax * bytes ? "large" : undefined;
}

function sizesUpTo(bytesMax: number): number[] {
  const sizes = Array.from({ length: doublings + 1 }, (_, i) => Math.floor(bytesMax / 2 ** (doublings - i)));
  return sizes.filter((size) => size >= Math.min(bytesMin, bytesMax));
}

async function shortestMs(target: FuzzTarget, input: Uint8Array, { clock, msPerPoint }: CostOptions): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  const startedAt = clock.monotonic();
  const elapsed = () => clock.monotonic() - startedAt;
  for (
    let runs = 0;
    runs < runsMax && (runs < 3 || elapsed() < msPerPoint) && (runs < 1 || elapsed() < slowMs);
    runs++
  ) {
    const from = clock.monotonic();
    await outcomeOf(target, input);
    shortest = Math.min(shortest, clock.monotonic() - from);
  }
  return shortest;
}

/** The slope of time over size, both as logarithms, by least squares. */
function growthPower(points: readonly CostPoint[]): number {
  const logs = points.map(({ bytes, ms }) => [Math.log2(bytes), Math.log2(Math.max(ms, 1e-6))] as const);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(logs.map(([size]) => size));
  const y = mean(logs.map(([, time]) => time));
  const over = logs.reduce((sum, [size, time]) => sum + (size - x) * (time - y), 0);
  const under = logs.reduce((sum, [size]) => sum + (size - x) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
