import type { Cancel, Clock } from "../../core/platform/clock.ts";

/** Draws at most once in a period, however often `ask()` is called; at once if nothing was drawn for that long. */
export class Pace {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #draw: () => void;
  #lastMs = Number.NEGATIVE_INFINITY;
  #waiting: Cancel | undefined;

  constructor(clock: Clock, periodMs: number, draw: () => void) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#draw = draw;
  }

  ask(): void {
    if (this.#waiting) return;
    const restMs = this.#lastMs + this.#periodMs - this.#clock.monotonic();
    if (restMs <= 0) this.#now();
    else this.#waiting = this.#clock.after(restMs, () => this.#now());
  }

  stop(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }

  #now(): void {
    this.#waiting = undefined;
    this.#lastMs = this.#clock.monotonic();
    this.#draw();
  }
}
