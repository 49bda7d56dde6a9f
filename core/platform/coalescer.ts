/**
 * Makes few loads of many lookups: keys that are asked for while one load is under way go into the next, so a thousand clients
 * that arrive at once cost a handful of queries.
 */
export class Coalescer<Key, Value> {
  readonly #load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;
  readonly #batchMax: number;
  #waiting = new Map<Key, Waiter<Value>>();
  #loading = false;

  constructor(load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>, batchMax = 1000) {
    this.#load = load;
    this.#batchMax = batchMax;
  }

  /** Undefined when the load did not find the key; fails when the load fails. */
  get(key: Key): Promise<Value | undefined> {
    let waiter = this.#waiting.get(key);
    if (!waiter) {
      waiter = makeWaiter();
      this.#waiting.set(key, waiter);
      if (!this.#loading) {
        this.#loading = true;
        setImmediate(() => void this.#run());
      }
    }
    return waiter.promise;
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch = new Map([...this.#waiting].slice(0, this.#batchMax));
      for (const key of batch.keys()) this.#waiting.delete(key);
      try {
        const values = await this.#load([...batch.keys()]);
        for (const [key, waiter] of batch) waiter.resolve(values.get(key));
      } catch (cause) {
        for (const waiter of batch.values()) waiter.reject(cause);
      }
    }
    this.#loading = false;
  }
}

interface Waiter<Value> {
  readonly promise: Promise<Value | undefined>;
  readonly resolve: (value: Value | undefined) => void;
  readonly reject: (cause: unknown) => void;
}

function makeWaiter<Value>(): Waiter<Value> {
  let resolve: Waiter<Value>["resolve"] = () => {};
  let reject: Waiter<Value>["reject"] = () => {};
  const promise = new Promise<Value | undefined>((onValue, onFailure) => {
    resolve = onValue;
    reject = onFailure;
  });
  return { promise, resolve, reject };
}
