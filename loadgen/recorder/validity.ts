import type { Workload } from "../workload/workload.ts";
import type { Quantiles } from "./recorder.ts";

/** Why a run's figures tell of something else than the servers. */
export interface InvalidReason {
  readonly code: InvalidCode;
  /** With the figures that show it. */
  readonly detail: string;
}

export const invalidCodes = [
  /** Messages went out so late after they were due that latencies tell of the generator. */
  "sends_late",
  /** Fewer messages were offered than the workload wants. */
  "rate_not_met",
  /** A thread of the generator had no time left. */
  "generator_busy",
  /** Messages had no outcome when all was over. */
  "unsettled",
  /** The servers count fewer connections than there are clients. */
  "connections_missing",
] as const;
export type InvalidCode = (typeof invalidCodes)[number];

/** Those for which the generator is to blame, or whatever kept it from running: another try may be without. */
export const generatorCodes: ReadonlySet<InvalidCode> = new Set(["sends_late", "rate_not_met", "generator_busy"]);

/**
 * Latency counts from when a message was due, so that it holds the generator's lateness, too: what is reported is never too
 * good. This part of it at most may be from before the message was sent. A message passes through five hands (generator,
 * server, database, server, generator): on a busy machine, where all of them wait alike for a core, a fifth is before it is
 * sent, and that is the machine's. A third says that the generator waits for more than its part.
 */
const lateShareMax = 1 / 3;
/** Less is no matter, whatever its part: a timer is good for a millisecond, and a collection of garbage takes a few. */
const lateMsMin = 5;

/** Less than this part of the wanted rate was offered. */
const offeredShareMin = 0.95;
/** Of a Poisson process, a number so many standard deviations below the mean is no chance. */
const poissonDeviationsMax = 3;

const utilizationMax = 0.95;

export interface GeneratorFigures {
  /** In the measured time. */
  readonly offeredPerSecond: number;
  /** From when messages were due until their deliveries, and from when they were sent; undefined when there were none. */
  readonly fromDueMs: Pick<Quantiles, "p50" | "p99"> | undefined;
  readonly fromSentMs: Pick<Quantiles, "p50" | "p99"> | undefined;
  /** Of the busiest thread's loop, from 0 to 1, where it is known. */
  readonly loopUtilization?: number;
}

/** Why the generator did not put the load on the servers that it was meant to; none when it did. */
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
