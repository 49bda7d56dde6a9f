import { Worker } from "node:worker_threads";
import { systemClock } from "../../platform/clock.ts";
import type { Finding, FuzzReport } from "./fuzzer.ts";

/** What a fuzzing thread is started with. */
export interface ThreadOrder {
  readonly name: string;
  readonly seed: number;
  readonly executionsMax: number;
  readonly msMax: number;
  readonly discoveriesMax: number;
  /** The input that runs, behind its number and length: what is left of a run that does not come back. */
  readonly underWay: SharedArrayBuffer;
}

const headBytes = 8;
/** No parser takes a hundredth of this for what a frame can hold. */
const executionMsMax = 10_000;
const residentBytesMax = 1.5 * 1024 ** 3;
const threadHeapMiBMax = 512;
const lookMs = 250;

export function writeUnderWay(underWay: SharedArrayBuffer, input: Uint8Array): void {
  const head = new Int32Array(underWay, 0, 2);
  new Uint8Array(underWay, headBytes).set(input);
  head[1] = input.length;
  Atomics.add(head, 0, 1);
}

/**
 * Fuzzes in a thread of its own that may be ended: an input that takes for ever, or all memory, is a finding like any
 * other.
 */
export function fuzzWatched(order: Omit<ThreadOrder, "underWay">, bytesMax: number): Promise<FuzzReport> {
  const underWay = new SharedArrayBuffer(headBytes + bytesMax);
  const head = new Int32Array(underWay, 0, 2);
  const startedAt = systemClock.monotonic();
  const thread = new Worker(new URL("./fuzz-thread.js", import.meta.url), {
    workerData: { ...order, underWay } satisfies ThreadOrder,
    resourceLimits: { maxOldGenerationSizeMb: threadHeapMiBMax },
  });
  return new Promise((resolve, reject) => {
    const end = (report: FuzzReport) => {
      thread.removeAllListeners();
      stopLooking();
      resolve(report);
      void thread.terminate();
    };
    const lost = (message: string) => {
      const input = new Uint8Array(underWay.slice(headBytes, headBytes + (head[1] as number)));
      end(lostReport(head[0] as number, systemClock.monotonic() - startedAt, { input, message, stack: message }));
    };
    let seen = { executions: -1, at: startedAt };
    const stopLooking = systemClock.every(lookMs, () => {
      const executions = Atomics.load(head, 0);
      const now = systemClock.monotonic();
      if (executions !== seen.executions) seen = { executions, at: now };
      // Before the first input the target makes its seeds.
      if (executions > 0 && now - seen.at > executionMsMax) lost(`no end after ${executionMsMax} ms`);
      else if (process.memoryUsage.rss() > residentBytesMax) lost(`more than ${residentBytesMax} bytes of memory`);
    });
    thread.once("message", end);
    thread.once("exit", () => lost("the target has never come back"));
    thread.once("error", (cause) => {
      if ((cause as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY") return lost(cause.message);
      thread.removeAllListeners();
      stopLooking();
      reject(cause);
    });
  });
}

function lostReport(executions: number, ms: number, finding: Finding): FuzzReport {
  return { executions, accepted: 0, ms, ways: 0, discoveries: [], heapGrowthBytes: undefined, finding };
}
