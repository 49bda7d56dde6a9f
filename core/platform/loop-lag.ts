import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";

const resolutionMs = 5;

/** The times between two ticks of a timer, in nanoseconds. */
type Delays = Pick<IntervalHistogram, "percentile" | "max" | "reset" | "enable" | "disable">;

/**
 * How late this thread's event loop runs: how long a timer that is due has to wait. Each reader needs a `LoopLag` of its own,
 * since reading starts a new period.
 */
export class LoopLag {
  readonly #delays: Delays;
  #utilization = performance.eventLoopUtilization();

  constructor(delays: Delays = monitorEventLoopDelay({ resolution: resolutionMs })) {
    this.#delays = delays;
    this.#delays.enable();
  }

  /** The lag in the time since the last reading. */
  read(): { p50Ms: number; p99Ms: number; maxMs: number; utilization: number } {
    const now = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    const reading = {
      p50Ms: this.#lag(this.#delays.percentile(50)),
      p99Ms: this.#lag(this.#delays.percentile(99)),
      maxMs: this.#lag(this.#delays.max),
      utilization: since.utilization,
    };
    this.#delays.reset();
    return reading;
  }

  stop(): void {
    this.#delays.disable();
  }

  /** The histogram holds the time between two ticks, the period itself included. */
  #lag(nanoseconds: number): number {
    return Math.max(0, nanoseconds / 1e6 - resolutionMs);
  }
}
