/** What one thread's clients saw of a group: for each seq, which message under which epoch. */
export interface SequenceRecord {
  /** The seq before the first recorded one. */
  readonly base: number;
  /** Indexed by seq − base − 1: the halves of the client message id, and the epoch, which is 0 where no client saw a message. */
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly epoch: Uint32Array;
}

/**
 * The message that the first client sees under a seq is written down; every later client must see the same. A delivery costs one
 * comparison, so hundreds of thousands a second can be audited.
 */
export class SequenceLog {
  readonly #base: number;
  #high = new Uint32Array(64);
  #low = new Uint32Array(64);
  #epoch = new Uint32Array(64);
  #length = 0;

  constructor(base: number) {
    this.#base = base;
  }

  /** Whether this is the message that other clients saw under this seq; the first client's is written down. */
  agrees(seq: number, high: number, low: number, epoch: number): boolean {
    const at = seq - this.#base - 1;
    if (at < 0) return true; // Before the audit began.
    if (at >= this.#length) this.#extend(at + 1);
    if (this.#epoch[at] === 0) {
      this.#high[at] = high;
      this.#low[at] = low;
      this.#epoch[at] = epoch;
      return true;
    }
    return this.#high[at] === high && this.#low[at] === low && this.#epoch[at] === epoch;
  }

  record(): SequenceRecord {
    const length = this.#length;
    return {
      base: this.#base,
      high: this.#high.slice(0, length),
      low: this.#low.slice(0, length),
      epoch: this.#epoch.slice(0, length),
    };
  }

  #extend(length: number): void {
    if (length > this.#high.length) {
      const capacity = Math.max(length, this.#high.length * 2);
      this.#high = grown(this.#high, capacity);
      this.#low = grown(this.#low, capacity);
      this.#epoch = grown(this.#epoch, capacity);
    }
    this.#length = length;
  }
}

function grown(from: Uint32Array<ArrayBuffer>, capacity: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(capacity);
  to.set(from);
  return to;
}
