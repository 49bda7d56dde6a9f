import { Failure } from "../../core/platform/failure.ts";

/** A benchmark asks between its steps: what is cut off is no measurement. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure("interrupted", "the benchmark was stopped", "start it again");
}
