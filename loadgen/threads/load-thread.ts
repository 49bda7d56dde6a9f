import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Failure } from "../../core/platform/failure.ts";
import { callsToThread, type Remote } from "../../core/platform/thread-calls.ts";
import type { CrewCalls, LoadThreadCalls, ThreadStart } from "./thread-calls.ts";

/** A thread that simulates users, as the crew sees it. */
export interface LoadThread {
  readonly to: Remote<Omit<LoadThreadCalls, "cutShort" | "stop">>;
  cutShort(atMs: number): void;
  stop(): void;
  /** Resolves when the thread has ended. */
  exited(): Promise<unknown>;
  terminate(): void;
}

/** Starts a thread with this, which calls the crew by `ours`. */
export type StartThread = (start: ThreadStart, ours: CrewCalls) => LoadThread;

export const startThread: StartThread = (start, ours) => {
  const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: start });
  const calls = callsToThread<LoadThreadCalls>(worker, ours, interrupted);
  return {
    to: calls.to,
    cutShort: (atMs) => calls.post("cutShort", atMs),
    stop: () => calls.post("stop"),
    exited: () => once(worker, "exit"),
    terminate: () => void worker.terminate(),
  };
};

export const interrupted = () => new Failure("interrupted", "the run was stopped", "start it again");
