import { Worker } from "node:worker_threads";
import { systemClock } from "../platform/clock.ts";
import type { Finding, FuzzReport } from "./fuzzer.ts";
import { InputUnderWay, type ThreadOrder } from "./thread-order.ts";

/** What a run may take before it counts as one that does not come back. */
export interface RunBounds {
  /** One input. No parser takes a hundredth of ours for what a frame can hold. */
  readonly executionMsMax: number;
  /** By how much the process may grow. */
  readonly residentBytesMax: number;
  /** V8's heap of the thread. */
  readonly heapMiBMax: number;
}

const ourBounds: RunBounds = { executionMsMax: 10_000, residentBytesMax: 1024 ** 3, heapMiBMax: 512 };
const lookMs = 250;

/**
 * Fuzzes in a thread of its own that may be ended: an input that takes for ever, or all memory, or that brings the thread
 * down from where nobody catches, is a finding like any other.
 */
export function fuzzWatched(
  order: Omit<ThreadOrder, "underWay">,
  bytesMax: number,
  { executionMsMax, residentBytesMax, heapMiBMax }: RunBounds = ourBounds,
): Promise<FuzzReport> {
  const underWay = InputUnderWay.ofUpTo(bytesMax);
  const startedAt = systemClock.monotonic();
  const thread = new Worker(new URL("./fuzz-thread.js", import.meta.url), {
    workerData: { ...order, underWay: underWay.shared } satisfies ThreadOrder,
    resourceLimits: { maxOldGenerationSizeMb: heapMiBMax },
  });
  const residentAtStart = process.memoryUsage.rss();
  return new Promise((resolve, reject) => {
    const end = (report: FuzzReport) => {
      thread.removeAllListeners();
      stopLooking();
      resolve(report);
      void thread.terminate();
    };
    const lost = (message: string, stack = message) => {
      const finding = { input: underWay.input, message, stack };
      end(lostReport(underWay.executions, systemClock.monotonic() - startedAt, finding));
    };
    let seen = { executions: -1, at: startedAt };
    const stopLooking = systemClock.every(lookMs, () => {
      const executions = underWay.executions;
      const now = systemClock.monotonic();
      if (executions !== seen.executions) seen = { executions, at: now };
      // Before the first input the target makes its seeds.
      if (executions > 0 && now - seen.at > executionMsMax) lost(`no end after ${executionMsMax} ms`);
      else if (process.memoryUsage.rss() - residentAtStart > residentBytesMax)
        lost(`more than ${residentBytesMax} bytes of memory`);
    });
    thread.once("message", end);
    thread.once("exit", () => lost("the target has never come back"));
    thread.once("error", (cause) => {
      // Before the first input it is the target that is wrong.
      if (underWay.executions > 0) return lost(cause.message, cause.stack);
      thread.removeAllListeners();
      stopLooking();
      reject(cause);
    });
  });
}

function lostReport(executions: number, ms: number, finding: Finding): FuzzReport {
  return { executions, accepted: 0, ms, ways: 0, discoveries: [], heapGrowthBytes: undefined, finding };
}
