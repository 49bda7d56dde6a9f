import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";

const resolutionMs = 5;

/**
 * How late this thread's event loop runs: how long a timer that is due has to wait. Each reader needs a `LoopLag` of its own,
 * since reading starts a new period.
 */
export class LoopLag {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #utilization = performance.eventLoopUtilization();

  constructor() {
    this.#histogram.enable();
  }

  /** The lag in the time since the last reading. */
  read(): { p50Ms: number; p99Ms: number; maxMs: number; utilization: number } {
    const now = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    const reading = {
      p50Ms: this.#lag(this.#histogram.percentile(50)),
      p99Ms: this.#lag(this.#histogram.percentile(99)),
      maxMs: this.#histogram.count === 0 ? 0 : this.#lag(this.#histogram.max),
      utilization: since.utilization,
    };
    this.#histogram.reset();
    return reading;
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** The histogram holds the time between two ticks, the period itself included. */
  #lag(nanoseconds: number): number {
    return Math.max(0, nanoseconds / 1e6 - resolutionMs);
  }
}
