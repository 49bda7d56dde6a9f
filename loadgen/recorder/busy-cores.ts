import type { Clock } from "../../core/platform/clock.ts";
import { ownCpuSeconds } from "../../core/platform/cpu-seconds.ts";

/** Begins to watch this process; what it answers tells how many cores the process has kept busy since. */
export function watchBusyCores(clock: Clock, cpuSeconds: () => number = ownCpuSeconds): () => number {
  const beganMs = clock.monotonic();
  const before = cpuSeconds();
  return () => ((cpuSeconds() - before) * 1000) / (clock.monotonic() - beganMs);
}
