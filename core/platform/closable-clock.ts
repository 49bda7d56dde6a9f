import type { Cancel, Clock } from "./clock.ts";

/** A clock for an owner that closes: from then on none of its timers waits or runs. */
export class ClosableClock implements Clock {
  readonly #clock: Clock;
  /** What is called when the owner closes. */
  readonly #ends = new Set<() => void>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(delayMs: number, action: () => void): Cancel {
    const cancel = this.#begin(() =>
      this.#clock.after(delayMs, () => {
        cancel();
        action();
      }),
    );
    return cancel;
  }

  every(periodMs: number, action: () => void): Cancel {
    return this.#begin(() => this.#clock.every(periodMs, action));
  }

  /** Resolves `delayMs` from now, or when the owner closes. */
  async sleep(delayMs: number): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#ends.add(resolve);
      this.after(delayMs, () => {
        this.#ends.delete(resolve);
        resolve();
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
  }

  #begin(begin: () => Cancel): Cancel {
    if (this.#isClosed) return () => {};
    const cancel = begin();
    this.#ends.add(cancel);
    return () => {
      this.#ends.delete(cancel);
      cancel();
    };
  }
}
