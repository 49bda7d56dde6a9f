/**
 * Time, handed in, so that a test can own it.
 *
 * `now` is wall time for people and records; `monotonic` is for durations and never steps back.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds from an arbitrary origin, with fractions; the same origin in every thread and process of a machine. */
  monotonic(): number;
  /**
   * Runs `action` once, `delayMs` from now; the result cancels it. Keeps the process alive until then: a caller that needs it
   * no more has to cancel it.
   */
  after(delayMs: number, action: () => void): Cancel;
  /** Runs `action` every `periodMs` until cancelled. Does not keep the process alive by itself. */
  every(periodMs: number, action: () => void): Cancel;
}

export type Cancel = () => void;

/**
 * `performance.now` counts from the start of its thread but reads the system's monotonic clock, and costs half of
 * `process.hrtime.bigint`; shifted once, it is the same clock in every thread and process.
 */
const threadStartMs = shiftBetween(
  () => Number(process.hrtime.bigint()) / 1e6,
  () => performance.now(),
);

/**
 * How far the second of two clocks lags behind the first. A busy system may set the thread aside for milliseconds between the
 * two readings, which only ever makes the lag look smaller: so the largest of several measurements is right.
 */
export function shiftBetween(first: () => number, second: () => number): number {
  return Math.max(...Array.from({ length: 20 }, () => first() - second()));
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now() + threadStartMs,
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, action) {
    const timer = setInterval(action, periodMs).unref();
    return () => clearInterval(timer);
  },
};

/** Resolves `delayMs` from now on `clock`, or when the signal is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const awake = () => {
      cancel();
      signal?.removeEventListener("abort", awake);
      resolve();
    };
    const cancel = clock.after(delayMs, awake);
    signal?.addEventListener("abort", awake);
  });
}
