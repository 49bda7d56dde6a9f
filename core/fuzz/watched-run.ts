import { Worker } from "node:worker_threads";
import { systemClock } from "../platform/clock.ts";
import { callsToThread } from "../platform/thread-calls.ts";
import type { Finding, FuzzReport } from "./fuzzer.ts";
import { type FuzzThreadCalls, InputUnderWay, type ThreadOrder } from "./thread-order.ts";

/** The time and memory that a run may take; beyond them it is ended, and the input that runs is a finding. */
export interface RunBounds {
  /** Time for one input. For the largest frame, no parser takes a hundredth of {@link ourBounds}. */
  readonly executionMsMax: number;
  /** By how many bytes the process may grow. */
  readonly residentBytesMax: number;
  /** Size of the thread's V8 heap. */
  readonly heapMiBMax: number;
}

const ourBounds: RunBounds = { executionMsMax: 10_000, residentBytesMax: 1024 ** 3, heapMiBMax: 512 };
const checkMs = 250;

/**
 * Fuzzes in a thread of its own, which can be ended: so an input that runs without end, takes all memory, or has an error thrown
 * where nothing catches it is a finding like any other.
 */
export function fuzzWatched(
  order: Omit<ThreadOrder, "underWay">,
  bytesMax: number,
  { executionMsMax, residentBytesMax, heapMiBMax }: RunBounds = ourBounds,
): Promise<FuzzReport> {
  const underWay = InputUnderWay.ofUpTo(bytesMax);
  const startedAt = systemClock.monotonic();
  const thread = new Worker(new URL("./fuzz-thread.js", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heapMiBMax },
  });
  const endedEarly = new Error("the thread ended without a report");
  const calls = callsToThread<FuzzThreadCalls>(thread, {}, () => endedEarly);
  const residentAtStart = process.memoryUsage.rss();
  return new Promise((resolve, reject) => {
    const end = (report: FuzzReport) => {
      thread.removeAllListeners();
      stopChecking();
      resolve(report);
      void thread.terminate();
    };
    const lost = (message: string, stack = message) => {
      const finding = { input: underWay.input, message, stack };
      end(lostReport(underWay.executions, systemClock.monotonic() - startedAt, finding));
    };
    let seen = { executions: -1, at: startedAt };
    const stopChecking = systemClock.every(checkMs, () => {
      const executions = underWay.executions;
      const now = systemClock.monotonic();
      if (executions !== seen.executions) seen = { executions, at: now };
      // Until the first input, the target makes its seeds, which may take longer.
      if (executions > 0 && now - seen.at > executionMsMax) lost(`no end after ${executionMsMax} ms`);
      else if (process.memoryUsage.rss() - residentAtStart > residentBytesMax)
        lost(`more than ${residentBytesMax} bytes of memory`);
    });
    calls.to.fuzz({ ...order, underWay: underWay.shared }).then(end, (cause: Error) => {
      if (cause === endedEarly) return lost(cause.message);
      // Before the first input, the target itself is wrong, and no input is to blame.
      if (underWay.executions > 0) return lost(cause.message, cause.stack);
      thread.removeAllListeners();
      stopChecking();
      reject(cause);
      void thread.terminate();
    });
  });
}

function lostReport(executions: number, ms: number, finding: Finding): FuzzReport {
  return { executions, accepted: 0, ms, ways: 0, discoveries: [], heapGrowthBytes: undefined, finding };
}
