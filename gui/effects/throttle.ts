import type { Cancel, Clock } from "../../core/platform/clock.ts";

/** Runs its work soon after `ask()`, and at most once in a period however often that is called. */
export class Throttle {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #work: () => void;
  #lastMs = Number.NEGATIVE_INFINITY;
  #cancel: Cancel | undefined;
  #closed = false;

  constructor(clock: Clock, periodMs: number, work: () => void) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#work = work;
  }

  ask(): void {
    if (this.#cancel || this.#closed) return;
    const waitMs = Math.max(0, this.#lastMs + this.#periodMs - this.#clock.monotonic());
    this.#cancel = this.#clock.after(waitMs, () => {
      this.#cancel = undefined;
      this.#lastMs = this.#clock.monotonic();
      this.#work();
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
