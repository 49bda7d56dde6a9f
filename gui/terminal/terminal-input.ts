import { PassThrough } from "node:stream";
import type { ReadStream } from "node:tty";
import type { Cancel, Clock } from "../../core/platform/clock.ts";
import { endInput, type InputItem, noInput, readInput } from "./input.ts";

/** An escape that is alone for this long is the key Escape; slow lines deliver a sequence in two packets. */
const escapeMs = 40;
/** A paste ends after this time without input: without its end, it would swallow all further keys. */
const pasteMs = 5_000;

export interface TerminalInputOptions {
  readonly source: ReadStream;
  readonly clock: Clock;
  /** Called for pastes, focus and answers; keys and the mouse are read from the stream. */
  onItem(item: Exclude<InputItem, { kind: "bytes" }>): void;
}

/** A stream of keys and the mouse, as standard input would be without pastes, focus and answers. */
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

  /** Stops reading. */
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
