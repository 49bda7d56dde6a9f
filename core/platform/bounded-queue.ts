/**
 * First in, first out, and never more than `capacity` items: `push` answers false when the queue is full, and the caller
 * decides what that means (refuse, disconnect, wait).
 */
export class BoundedQueue<T> {
  readonly capacity: number;
  #ring: (T | undefined)[];
  #head = 0;
  #length = 0;

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`queue capacity ${capacity}: a positive integer is needed`);
    this.capacity = capacity;
    this.#ring = new Array(Math.min(capacity, 16));
  }

  get length(): number {
    return this.#length;
  }

  /** Answers false, and changes nothing, when the queue is full. */
  push(item: T): boolean {
    if (this.#length === this.capacity) return false;
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) % this.#ring.length] = item;
    this.#length++;
    return true;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#ring.length;
    this.#length--;
    return item;
  }

  #grow(): void {
    const larger = new Array<T | undefined>(Math.min(this.capacity, this.#ring.length * 2));
    for (let i = 0; i < this.#length; i++) larger[i] = this.#ring[(this.#head + i) % this.#ring.length];
    this.#ring = larger;
    this.#head = 0;
  }
}
