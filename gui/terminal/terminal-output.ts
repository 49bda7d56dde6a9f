import { Writable } from "node:stream";
import type { WriteStream } from "node:tty";

/**
 * The terminal to write to, as long as it is ours: what is drawn after it was given back, or while the user's editor has it,
 * is dropped. Looks like the terminal's own stream.
 */
export class TerminalOutput extends Writable {
  readonly isTTY = true;
  readonly #target: WriteStream;
  isOurs = false;

  constructor(target: WriteStream) {
    super({ decodeStrings: false });
    this.#target = target;
    target.on("resize", this.#onResize);
  }

  get columns(): number {
    return this.#target.columns;
  }

  get rows(): number {
    return this.#target.rows;
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.isOurs) done();
    else if (typeof chunk === "string") this.#target.write(chunk, encoding, done);
    else this.#target.write(chunk, done);
  }

  stop(): void {
    this.#target.off("resize", this.#onResize);
  }

  readonly #onResize = () => this.emit("resize");
}
