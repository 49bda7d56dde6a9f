import cliProgress from "cli-progress";
import type { Progress } from "../../loadgen/threads/crew.ts";
import { type StepNumber, stepText } from "../document/run-events.ts";
import { figure } from "./figures.ts";

const nothingYet = { offered: 0, delivered: 0, p99: "–", errors: 0 };

/**
 * One line that changes while a run goes on: its step, and the load at the moment. Where the output is no terminal, one line for
 * each step instead.
 */
export class ProgressLine {
  readonly #bar: cliProgress.SingleBar | undefined;
  readonly #out: NodeJS.WriteStream;
  #started = false;
  /** How many steps are done, and how many there are. */
  #done = 0;
  #of = 1;
  #label = "";

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    if (!out.isTTY) return;
    this.#bar = new cliProgress.SingleBar({
      stream: out,
      format:
        "{bar} {label} · {phase} · offered {offered}/s · delivered {delivered}/s · p99 {p99} ms · errors {errors}",
      barsize: 20,
      hideCursor: true,
      clearOnComplete: true,
      linewrap: false,
      gracefulExit: false,
      fps: 8,
    });
  }

  /** The bar counts the numbered steps; those before them have no number. */
  step(what: string, step?: StepNumber): void {
    this.#done = step ? step.number - 1 : 0;
    this.#of = step?.of ?? this.#of;
    this.#label = stepText(what, step);
    if (!this.#bar) {
      this.#out.write(`${this.#label}\n`);
      return;
    }
    const payload = { ...nothingYet, label: this.#label, phase: "starting" };
    if (!this.#started) this.#bar.start(this.#of, this.#done, payload);
    this.#started = true;
    this.#bar.setTotal(this.#of);
    this.#bar.update(this.#done, payload);
  }

  progress({ phase, done, offeredPerSecond, deliveredPerSecond, p99Ms, errors }: Progress): void {
    // The part of a step that is done: measuring is most of it.
    const inStep = {
      connecting: 0.1 * done,
      "founding groups": 0.15,
      "warming up": 0.2 + 0.1 * done,
      measuring: 0.3 + 0.6 * done,
      settling: 0.9,
      auditing: 0.95,
    }[phase];
    this.#bar?.update(Math.min(this.#of, this.#done + inStep), {
      label: this.#label,
      phase,
      offered: figure(offeredPerSecond),
      delivered: figure(deliveredPerSecond),
      p99: p99Ms === undefined ? "–" : figure(p99Ms),
      errors,
    });
  }

  /** Ends the line, and shows the cursor again. */
  stop(): void {
    this.#bar?.stop();
  }
}
