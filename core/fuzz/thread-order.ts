import type { FuzzReport } from "./fuzzer.ts";

/** What a fuzzing thread does for the thread that started it. */
export interface FuzzThreadCalls {
  fuzz(order: ThreadOrder): Promise<FuzzReport>;
}

/** What a fuzzing thread is to do. */
export interface ThreadOrder {
  /** The target's name. */
  readonly name: string;
  /** The URL of the module that exports it. */
  readonly module: string;
  readonly seed: number;
  readonly executionsMax: number;
  readonly msMax: number;
  readonly discoveriesMax: number;
  /** The memory of an {@link InputUnderWay}. */
  readonly underWay: SharedArrayBuffer;
}

const headBytes = 8;

/**
 * The input that runs now, in memory that two threads share, so that it can be read when its run does not come back. The number
 * of inputs and the length of this one come first, 32 bits each.
 */
export class InputUnderWay {
  readonly shared: SharedArrayBuffer;
  readonly #head: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#head = new Int32Array(shared, 0, 2);
  }

  static ofUpTo(bytesMax: number): InputUnderWay {
    return new InputUnderWay(new SharedArrayBuffer(headBytes + bytesMax));
  }

  /** How many inputs have begun to run. */
  get executions(): number {
    return Atomics.load(this.#head, 0);
  }

  get input(): Uint8Array {
    return new Uint8Array(this.shared.slice(headBytes, headBytes + Atomics.load(this.#head, 1)));
  }

  write(input: Uint8Array): void {
    new Uint8Array(this.shared, headBytes).set(input);
    Atomics.store(this.#head, 1, input.length);
    Atomics.add(this.#head, 0, 1);
  }
}
