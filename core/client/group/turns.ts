/** Runs work once all work that was queued before it has ended. */
export type InOrder = <T>(work: () => Promise<T>) => Promise<T>;

/** The queue of a conversation: one piece of work after the other, in the order in which they were queued. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  readonly inOrder: InOrder = (work) => {
    const done = this.#last.then(work);
    // The caller gets the work's failure; the queue only waits until the work is over.
    this.#last = done.then(
      () => {},
      () => {},
    );
    return done;
  };

  /** Resolves when all work that is queued now has ended. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
