import { PassThrough } from "node:stream";
import type { ReadStream } from "node:tty";
import type { Cancel, Clock } from "../../core/platform/clock.ts";
import { InputSplitter, type TerminalInput } from "./input-splitter.ts";

/** A mark comes in one piece, or in two that follow at once even from far away; so long an Escape waits to be one. */
const markMsMax = 40;
/** A paste that has not gone on for so long has lost its end. */
const pasteMsMax = 2000;

export type Paste = Omit<Extract<TerminalInput, { kind: "paste" }>, "kind">;

/**
 * The terminal's input without what was pasted, which is handed over whole: to be given to blessed as its input. What was
 * typed while the terminal was asked for its capabilities comes first.
 */
export class KeyStream extends PassThrough {
  readonly isTTY = true;
  readonly #terminal: ReadStream;
  readonly #clock: Clock;
  readonly #onPaste: (paste: Paste) => void;
  readonly #splitter = new InputSplitter();
  #cancel: Cancel = () => {};

  constructor(terminal: ReadStream, of: { clock: Clock; onPaste: (paste: Paste) => void; typed?: Uint8Array }) {
    super();
    this.#terminal = terminal;
    this.#clock = of.clock;
    this.#onPaste = of.onPaste;
    terminal.on("data", this.#onBytes);
    terminal.once("end", () => this.end());
    if (of.typed?.length) this.#onBytes(of.typed);
  }

  get isRaw(): boolean {
    return this.#terminal.isRaw;
  }

  setRawMode(on: boolean): this {
    this.#terminal.setRawMode?.(on);
    return this;
  }

  /** Reads no more. */
  close(): void {
    this.#cancel();
    this.#terminal.off("data", this.#onBytes);
    this.#terminal.pause();
    this.end();
  }

  readonly #onBytes = (bytes: Uint8Array): void => {
    this.#cancel();
    this.#pass(this.#splitter.feed(bytes));
    const { waitsFor } = this.#splitter;
    if (!waitsFor) return;
    this.#cancel = this.#clock.after(waitsFor === "mark" ? markMsMax : pasteMsMax, () => {
      this.#pass(this.#splitter.flush());
    });
  };

  #pass(inputs: readonly TerminalInput[]): void {
    for (const input of inputs) {
      if (input.kind === "keys") this.write(input.bytes);
      else this.#onPaste(input);
    }
  }
}
