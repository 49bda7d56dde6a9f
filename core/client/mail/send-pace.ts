import type { Cancel, Clock } from "../../platform/clock.ts";
import { Refusals } from "./refusals.ts";

/** A server's refusal of a message by a user over their budget. */
export interface PaceRefusal {
  readonly retryAfterMs?: number;
  /** How many messages the server takes once that time is over. */
  readonly remaining?: number;
}

const retryMs = 1000;

/**
 * How fast messages may go out. There is no bound until the server refuses a message. From then on a portion of so many goes
 * out in each period, both as the refusal names them, until no message has had to wait for a whole period. A client that
 * sent on would be refused again and again.
 */
export class SendPace {
  readonly #clock: Clock;
  readonly #resume: () => void;
  readonly #refusals = new Refusals();
  #periodMs = 0;
  #portion = Number.POSITIVE_INFINITY;
  #left = Number.POSITIVE_INFINITY;
  /** Whether a message has had to wait since the last portion. */
  #wasWaited = false;
  /** Whether a refusal has come since the last portion: others of the same time are ignored. */
  #isRefused = false;
  #cancel: Cancel | undefined;

  /** Calls `resume` when messages may go out again. */
  constructor(clock: Clock, resume: () => void) {
    this.#clock = clock;
    this.#resume = resume;
  }

  /** Whether a message may go out now; it is counted. Otherwise `resume` is called later. */
  take(): boolean {
    if (this.#left < 1) {
      this.#wasWaited = true;
      return false;
    }
    this.#left--;
    return true;
  }

  /** The server refused a message. It refuses all others that were on their way, too; only the first refusal counts. */
  refused({ retryAfterMs, remaining }: PaceRefusal): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#periodMs = this.#refusals.pauseMs(retryAfterMs, retryMs);
    this.#portion = remaining === undefined ? Number.POSITIVE_INFINITY : Math.max(1, remaining);
    this.#left = 0;
    this.#wasWaited = true;
    this.#cancel?.();
    this.#wait();
  }

  /** The server has taken a message in. */
  granted(): void {
    this.#refusals.granted();
  }

  /** Forgets the server's refusal. */
  reset(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isRefused = false;
    this.#left = Number.POSITIVE_INFINITY;
  }

  #wait(): void {
    this.#cancel = this.#clock.after(this.#periodMs, () => {
      if (!this.#wasWaited || this.#portion === Number.POSITIVE_INFINITY) return this.#unbind();
      this.#wasWaited = false;
      this.#isRefused = false;
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
