import { PassThrough } from "node:stream";
import type { ReadStream } from "node:tty";
import type { Cancel, Clock } from "../../core/platform/clock.ts";
import { endInput, type InputItem, noInput, readInput } from "./input.ts";

/** So long after an escape, what comes is no part of it any more; slow lines deliver a sequence in two packets. */
const escapeMs = 40;
/** A paste without an end would take all keys for itself. */
const pasteMs = 5_000;

export interface TerminalInputOptions {
  readonly source: ReadStream;
  readonly clock: Clock;
  /** Pastes, focus and answers; the rest can be read from the stream. */
  onItem(item: Exclude<InputItem, { kind: "bytes" }>): void;
}

/** Keys and the mouse as a terminal's own stream would give them, without what is none of both. */
export class TerminalInput extends PassThrough {
  readonly isTTY = true;
  readonly #options: TerminalInputOptions;
  #state = noInput;
  #cancel: Cancel | undefined;

  constructor(options: TerminalInputOptions) {
    super();
    this.#options = options;
    options.source.on("data", this.#onData);
  }

  get isRaw(): boolean {
    return this.#options.source.isRaw;
  }

  setRawMode(isRaw: boolean): this {
    this.#options.source.setRawMode?.(isRaw);
    return this;
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#cancel?.();
    this.#options.source.off("data", this.#onData);
    this.#options.source.pause();
  }

  readonly #onData = (chunk: Buffer) => {
    this.#cancel?.();
    this.#cancel = undefined;
    const { state, items } = readInput(this.#state, chunk);
    this.#state = state;
    this.#give(items);
    const isOpen = state.rest !== "" || state.pasted !== undefined;
    if (isOpen)
      this.#cancel = this.#options.clock.after(state.pasted === undefined ? escapeMs : pasteMs, this.#onQuiet);
  };

  readonly #onQuiet = () => {
    this.#cancel = undefined;
    const { state, items } = endInput(this.#state);
    this.#state = state;
    this.#give(items);
  };

  #give(items: readonly InputItem[]): void {
    for (const item of items) {
      if (item.kind === "bytes") this.write(item.bytes);
      else this.#options.onItem(item);
    }
  }
}
