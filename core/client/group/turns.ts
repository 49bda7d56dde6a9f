/** Work that is begun once all that was handed in before it has ended. */
export type InOrder = <T>(work: () => Promise<T>) => Promise<T>;

/** The queue of a conversation: one thing after the other, in the order in which it was handed in. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  readonly inOrder: InOrder = (work) => {
    const done = this.#last.then(work);
    // Who has handed the work in gets its failure; here it only matters that it is over.
    this.#last = done.then(
      () => {},
      () => {},
    );
    return done;
  };

  /** Resolves when all that was handed in has ended. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
