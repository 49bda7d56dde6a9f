import type { Cancel, Clock } from "./clock.ts";

/**
 * Something that may happen many times a second and is reported twice: when it happens first, and, with how often it happened,
 * when it has not happened for a while.
 */
export class Episode {
  readonly #parts: EpisodeParts;
  #times = 0;
  #timesAtTick = 0;
  #stopTicking: Cancel | undefined;

  constructor(parts: EpisodeParts) {
    this.#parts = parts;
  }

  /** Whether the episode has begun and is not over. */
  get lasts(): boolean {
    return this.#stopTicking !== undefined;
  }

  happened(): void {
    this.#times++;
    if (this.lasts) return;
    this.#stopTicking = this.#parts.clock.every(this.#parts.quietMs, () => this.#tick());
    this.#parts.began();
  }

  /** From now on nothing is reported. */
  stop(): void {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  #tick(): void {
    if (this.#times > this.#timesAtTick) {
      this.#timesAtTick = this.#times;
      return;
    }
    const times = this.#times;
    this.#times = 0;
    this.#timesAtTick = 0;
    this.stop();
    this.#parts.over(times);
  }
}

export interface EpisodeParts {
  readonly clock: Clock;
  /** The episode is over once it has not happened for this long, or up to twice as long. */
  readonly quietMs: number;
  began(): void;
  over(times: number): void;
}
