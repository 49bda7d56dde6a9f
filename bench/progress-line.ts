import cliProgress from "cli-progress";
import type { Progress } from "../loadgen/generator.ts";
import { figure } from "./figures.ts";

const columns = { offered: "", delivered: "", p99: "", errors: "" };

/**
 * One line that moves while a run goes on: where it is, and what it does at the moment. Where nobody watches (a file, a
 * pipe), a line a cell instead.
 */
export class ProgressLine {
  readonly #bar: cliProgress.SingleBar | undefined;
  readonly #out: NodeJS.WriteStream;
  #cell = 0;
  #cells = 1;
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

  cell(cell: number, of: number, label: string): void {
    this.#cell = cell;
    this.#cells = of;
    this.#label = `${cell + 1}/${of} ${label}`;
    if (!this.#bar) {
      this.#out.write(`${this.#label}\n`);
      return;
    }
    const payload = {
      ...columns,
      label: this.#label,
      phase: "starting servers",
      offered: 0,
      delivered: 0,
      p99: "–",
      errors: 0,
    };
    if (cell === 0) this.#bar.start(of, 0, payload);
    else this.#bar.update(cell, payload);
  }

  progress({ phase, done, offeredPerSecond, deliveredPerSecond, p99Ms, errors }: Progress): void {
    // Measuring is most of a cell; the rest counts by its place in it.
    const inCell = {
      connecting: 0.1 * done,
      "founding groups": 0.15,
      "warming up": 0.2 + 0.1 * done,
      measuring: 0.3 + 0.6 * done,
      settling: 0.9,
      auditing: 0.95,
    }[phase];
    this.#bar?.update(Math.min(this.#cells, this.#cell + inCell), {
      label: this.#label,
      phase,
      offered: figure(offeredPerSecond),
      delivered: figure(deliveredPerSecond),
      p99: p99Ms === undefined ? "–" : figure(p99Ms),
      errors,
    });
  }

  /** Leaves the terminal as it was. */
  stop(): void {
    this.#bar?.stop();
  }
}
