import { type StepNumber, stepText } from "../document/run-events.ts";

/** A line for each step of a benchmark; at a terminal, each replaces the one before. */
export class StepLine {
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  step(what: string, step?: StepNumber): void {
    const text = stepText(what, step);
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
  }

  progress(): void {}

  /** At a terminal, removes the line. */
  stop(): void {
    if (this.#out.isTTY) this.#out.write("\r\x1b[K");
  }
}
