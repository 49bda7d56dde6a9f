import type { Cancel, Clock } from "../../platform/clock.ts";
import { pauseMs } from "./server-link.ts";

/** What a server says when it takes nothing for now. */
export interface PaceRefusal {
  readonly retryAfterMs?: number;
  /** How many may come once that time is over. */
  readonly remaining?: number;
}

const retryMs = 1000;

/**
 * How fast messages may go out. Unbounded, until the server refuses one: from then on as many as it says in as long as it
 * says, until nobody has had to wait for that long. One refusal teaches it the rate; sending on would be refused again and
 * again.
 */
export class SendPace {
  readonly #clock: Clock;
  readonly #resume: () => void;
  #periodMs = 0;
  #portion = Number.POSITIVE_INFINITY;
  #left = Number.POSITIVE_INFINITY;
  /** Whether a message has had to wait since the last portion. */
  #wasWaited = false;
  /** Whether the server has said since the last portion when there is another. */
  #isTold = false;
  #cancel: Cancel | undefined;

  /** `resume` is called when messages may go out again. */
  constructor(clock: Clock, resume: () => void) {
    this.#clock = clock;
    this.#resume = resume;
  }

  /** Whether one may go out now; it counts as gone. Otherwise `resume` is called in time. */
  take(): boolean {
    if (this.#left < 1) {
      this.#wasWaited = true;
      return false;
    }
    this.#left--;
    return true;
  }

  /** The server took nothing. What else was on its way is refused, too: only the first word counts. */
  refused({ retryAfterMs, remaining }: PaceRefusal): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#periodMs = pauseMs(retryAfterMs, retryMs);
    this.#portion = remaining === undefined ? Number.POSITIVE_INFINITY : Math.max(1, remaining);
    this.#left = 0;
    this.#wasWaited = true;
    this.#cancel?.();
    this.#wait();
  }

  /** Forgets what a server has said. */
  reset(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isTold = false;
    this.#left = Number.POSITIVE_INFINITY;
  }

  #wait(): void {
    this.#cancel = this.#clock.after(this.#periodMs, () => {
      if (!this.#wasWaited || this.#portion === Number.POSITIVE_INFINITY) return this.#unbind();
      this.#wasWaited = false;
      this.#isTold = false;
      this.#left = this.#portion;
      this.#wait();
      this.#resume();
    });
  }

  #unbind(): void {
    this.reset();
    this.#resume();
  }
}
