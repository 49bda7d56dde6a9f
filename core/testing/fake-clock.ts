import type { Cancel, Clock } from "../platform/clock.ts";

interface Timer {
  dueMs: number;
  order: number;
  readonly action: () => void;
  readonly periodMs: number | undefined;
}

/** A clock that stands still until a test moves it: timers run when {@link advance} passes them, in order. */
export class FakeClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Cancel {
    return this.#add({ dueMs: this.#nowMs + delayMs, order: this.#order++, action, periodMs: undefined });
  }

  every(periodMs: number, action: () => void): Cancel {
    return this.#add({ dueMs: this.#nowMs + periodMs, order: this.#order++, action, periodMs });
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer; undefined when none waits. */
  get nextInMs(): number | undefined {
    const next = this.#next(Number.POSITIVE_INFINITY);
    return next && next.dueMs - this.#nowMs;
  }

  /** Moves time on and runs the timers that become due; promises settle before, between and after them. */
  async advance(byMs: number): Promise<void> {
    await settle();
    const untilMs = this.#nowMs + byMs;
    for (let timer = this.#next(untilMs); timer; timer = this.#next(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      if (timer.periodMs === undefined) this.#timers.delete(timer);
      else {
        timer.dueMs += timer.periodMs;
        timer.order = this.#order++;
      }
      timer.action();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }

  /**
   * Moves time on without running anything, as when the thread is blocked; timers that became due run with the next {@link
   * advance}.
   */
  stall(forMs: number): void {
    this.#nowMs += forMs;
  }

  #add(timer: Timer): Cancel {
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue;
      if (!next || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.order < next.order)) next = timer;
    }
    return next;
  }
}

/** Lets promises that can settle do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
