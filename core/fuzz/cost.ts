import type { Clock } from "../platform/clock.ts";
import { type FuzzTarget, outcomeOf } from "./target.ts";

/** What inputs of one kind cost a target as they grow. */
export interface CostRow {
  readonly target: string;
  readonly what: string;
  readonly points: readonly CostPoint[];
  /** Time grows with this power of the size, over the larger half of the sizes: 1 is linear, 2 quadratic. */
  readonly power: number;
  /** Bytes of memory taken for the largest, garbage included. */
  readonly heapBytes: number;
  /** What is wrong with that, in a word; undefined if nothing is. */
  readonly complaint: "slow" | "large" | undefined;
}

export interface CostPoint {
  readonly bytes: number;
  readonly ms: number;
}

export interface CostOptions {
  readonly clock: Clock;
  /** How long each size is repeated, to find what it takes undisturbed. */
  readonly msPerPoint: number;
  /** Bytes in use, garbage collected before. */
  readonly heapBytes: (collect: boolean) => number;
  readonly bytesMax?: number;
  /** One kind of input alone. */
  readonly only?: string;
}

/** Sizes double this often up to the largest. */
const doublings = 6;
const bytesMin = 64;
/** Inputs have a few more bytes than their size says, and must not be refused for their length alone. */
const roomForMore = 0.98;
/**
 * Sorting and what caches and garbage do to large inputs stay below, quadratic time does not; what is over in a moment may be
 * any.
 */
const powerMax = 1.6;
const msThatMatter = 1;
const runsMax = 1000;
/** What takes so long is not tried in any larger size. */
const slowMs = 1000;
/** Memory for each byte of the input, beyond what a parser needs for anything. */
const bytesPerByteMax = 100;
const heapBytesAnyway = 4 * 1024 ** 2;

export async function measureCosts(target: FuzzTarget, options: CostOptions): Promise<CostRow[]> {
  const rows: CostRow[] = [];
  for (const [what, make] of Object.entries(await growthOf(target))) {
    if (options.only !== undefined && what !== options.only) continue;
    const points: CostPoint[] = [];
    let heapBytes = 0;
    for (const size of sizesUpTo(Math.min(target.bytesMax, options.bytesMax ?? target.bytesMax) * roomForMore)) {
      const input = make(size);
      const before = options.heapBytes(true);
      await outcomeOf(target, input);
      heapBytes = Math.max(0, options.heapBytes(false) - before);
      const ms = await shortestMs(target, input, options);
      points.push({ bytes: input.length, ms });
      if (ms > slowMs) break;
    }
    const power = growthPower(points.slice(-4));
    rows.push({
      target: target.name,
      what,
      points,
      power,
      heapBytes,
      complaint: complaintAt(target, points, power, heapBytes),
    });
  }
  return rows;
}

/** What of a target may grow: what it says of itself, and for each what it takes, again and again. */
export async function growthOf(target: FuzzTarget): Promise<Readonly<Record<string, (bytes: number) => Uint8Array>>> {
  const seed = (await target.seeds()).find(({ length }) => length > 0) ?? Buffer.from([0]);
  return { "the first seed, repeated": (bytes) => Buffer.alloc(bytes, seed), ...target.growth };
}

function complaintAt(
  { heapBytesPerByteMax = bytesPerByteMax }: FuzzTarget,
  points: readonly CostPoint[],
  power: number,
  heapBytes: number,
): CostRow["complaint"] {
  const { bytes, ms } = points.at(-1) as CostPoint;
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
