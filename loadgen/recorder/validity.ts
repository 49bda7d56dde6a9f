import type { Workload } from "../workload/workload.ts";
import type { Quantiles } from "./recorder.ts";

/** Why a run's figures show something else than the servers. */
export interface InvalidReason {
  readonly code: InvalidCode;
  /** What was found, with its figures. */
  readonly detail: string;
}

export const invalidCodes = [
  /** Messages were sent so late after they were due that latencies show the generator. */
  "sends_late",
  /** Fewer messages were offered than the workload wants. */
  "rate_not_met",
  /** A thread of the generator had no time left. */
  "generator_busy",
  /** Messages had no outcome at the end. */
  "unsettled",
  /** The servers count fewer connections than there are clients. */
  "connections_missing",
] as const;
export type InvalidCode = (typeof invalidCodes)[number];

/** Reasons that lie in the generator, or in other programs that kept it from running: another try may be valid. */
export const generatorCodes: ReadonlySet<InvalidCode> = new Set(["sends_late", "rate_not_met", "generator_busy"]);

/**
 * How much of a latency may be from before the message was sent. Latency counts from when a message was due, so it includes the
 * generator's lateness, and no reported figure is too good. A message passes through five hands (generator, server, database,
 * server, generator): on a busy machine, where all of them wait alike for a core, a fifth of the latency is before it is sent,
 * and the machine is to blame. At more than a third, the generator waits for more than its part.
 */
const lateShareMax = 1 / 3;
/** Less lateness is allowed, whatever its share: timers are exact to a millisecond, and a garbage collection takes a few. */
const lateMsMin = 5;

/** The share of the wanted rate that must be offered. */
const offeredShareMin = 0.95;
/** How many standard deviations a Poisson process may stay below the mean by chance. */
const poissonDeviationsMax = 3;

const utilizationMax = 0.95;

export interface GeneratorFigures {
  /** The rate in the measured time. */
  readonly offeredPerSecond: number;
  /** From when messages were due until their deliveries, and from when they were sent; undefined when there were none. */
  readonly fromDueMs: Pick<Quantiles, "p50" | "p99"> | undefined;
  readonly fromSentMs: Pick<Quantiles, "p50" | "p99"> | undefined;
  /** The utilization of the busiest thread's event loop, from 0 to 1, where it is known. */
  readonly loopUtilization?: number;
}

/** Why the generator did not put the wanted load on the servers; empty when it did. */
export function generatorFaults(
  { arrivals, durationSeconds }: Pick<Workload, "arrivals" | "durationSeconds">,
  { offeredPerSecond, fromDueMs, fromSentMs, loopUtilization = 0 }: GeneratorFigures,
): InvalidReason[] {
  const faults: InvalidReason[] = [];
  const fault = (code: InvalidCode, detail: string) => faults.push({ code, detail });
  if (arrivals.kind !== "saturate") {
    for (const quantile of ["p50", "p99"] as const) {
      const reportedMs = fromDueMs?.[quantile] ?? 0;
      const lateMs = reportedMs - (fromSentMs?.[quantile] ?? 0);
      if (lateMs <= Math.max(lateMsMin, lateShareMax * reportedMs)) continue;
      const percent = ((lateMs / reportedMs) * 100).toFixed(0);
      fault("sends_late", `${percent}% of ${quantile}, ${reportedMs.toFixed(0)} ms, is from before messages were sent`);
    }
    const wanted = arrivals.ratePerSecond * durationSeconds;
    const deviations = arrivals.kind === "poisson" ? poissonDeviationsMax * Math.sqrt(wanted) : 0;
    if (offeredPerSecond * durationSeconds < wanted - Math.max((1 - offeredShareMin) * wanted, deviations)) {
      fault("rate_not_met", `${offeredPerSecond.toFixed(0)} of ${arrivals.ratePerSecond} messages/s were offered`);
    }
  }
  if (loopUtilization > utilizationMax) {
    fault("generator_busy", `a thread was busy ${(loopUtilization * 100).toFixed(0)}% of the time`);
  }
  return faults;
}

export function invalidText({ code, detail }: InvalidReason): string {
  return `${code}: ${detail}`;
}
