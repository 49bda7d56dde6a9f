/** Bounds of a pause that a server names: none would make a loop, and one without end would silence the client for ever. */
const pauseMsMin = 50;
const pauseMsMax = 60_000;

/** The pause before a request is sent again where the server names none. */
export const retryMsDefault = 1000;

/** So many refusals in a row are taken at their word; after that the pauses double, up to a bound. */
const atTheirWord = 5;
const ownPauseMs = { min: 1000, max: 10_000 } as const;

/**
 * The refusals, for now, of one thing that a client asks for, in a row. No server can make it repeat itself quickly without end, not even
 * one that says each time to try again at once.
 */
export class Refusals {
  #inARow = 0;

  /** It was refused: the milliseconds before it is tried again, from what the server said, `otherwise` where it said nothing. */
  pauseMs(said: number | undefined, otherwise: number): number {
    const doublings = this.#inARow++ - atTheirWord;
    const own = doublings < 0 ? 0 : Math.min(ownPauseMs.max, ownPauseMs.min * 2 ** doublings);
    return Math.max(pauseMs(said, otherwise), own);
  }

  /** It was granted. */
  granted(): void {
    this.#inARow = 0;
  }
}

/** Milliseconds before something is tried again: what the server said, within bounds; `otherwise` where it said nothing. */
export function pauseMs(said: number | undefined, otherwise: number): number {
  return Math.min(Math.max(said ?? otherwise, pauseMsMin), pauseMsMax);
}
