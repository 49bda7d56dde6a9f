import { Failure } from "../../core/platform/failure.ts";

/** Called between the steps of a benchmark, so that no measurement is cut off and counted all the same. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure("interrupted", "the benchmark was stopped", "start it again");
}
