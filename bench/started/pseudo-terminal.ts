import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { systemClock as clock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { guard } from "../../core/store/embedded/guard.ts";

export interface PseudoTerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** How much of the output is kept, so that a text that arrives in pieces is found. */
const keptLength = 4096;
const quitMsMax = 5000;

/** A call of `until` that waits for its text. */
interface Waiting {
  readonly text: string;
  found(atMs: number): void;
  failed(why: string): void;
}

/** A program at a pseudo-terminal of util-linux's `script`. */
export class PseudoTerminal {
  readonly #script: ChildProcessWithoutNullStreams;
  readonly #waiting: Waiting[] = [];
  #shown = "";
  #bytes = 0;
  readonly pid: Promise<number>;

  constructor(command: readonly string[], { columns, rows, environment }: PseudoTerminalOptions) {
    const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    // `exec` keeps the shell's process id, so that it is the program's.
    const line = `stty cols ${columns} rows ${rows}; echo "pid $$."; exec ${quoted}`;
    this.#script = spawn("script", ["-qfec", line, "/dev/null"], {
      env: { ...process.env, ...environment, SHELL: "/bin/sh" },
    });
    this.#guard(line);
    this.#script.stdout.setEncoding("utf8").on("data", (piece: string) => this.#output(piece));
    this.#script.once("exit", () => {
      for (const waiting of this.#waiting.splice(0)) waiting.failed("the program ended");
    });
    this.pid = this.until("pid ", 10_000).then(() => Number(/pid (\d+)\./.exec(this.#shown)?.[1]));
    this.pid.catch(() => {}); // The failure is for those who await it; there may be none.
  }

  /** Whether this machine can make one: Linux with `script`. */
  static isPossible(): boolean {
    return process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;
  }

  /** How many bytes the program has written. */
  get bytes(): number {
    return this.#bytes;
  }

  write(keys: string): void {
    this.#script.stdin.write(keys);
  }

  /** Resolves when the text appears in the output, with the time on the monotonic clock. */
  until(text: string, msMax: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const giveUp = clock.after(msMax, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        waiting.failed(`not within ${msMax} ms`);
      });
      const waiting: Waiting = {
        text,
        found: (atMs) => {
          giveUp();
          resolve(atMs);
        },
        failed: (why) => {
          giveUp();
          const seen = this.#shown.slice(-500);
          reject(new Failure("screen_missing", `"${text}" did not appear: ${why}; last: ${seen}`, "run it by hand"));
        },
      };
      this.#waiting.push(waiting);
    });
  }

  /** Presses these keys; resolves with the milliseconds until the program has written the text. */
  async echo(keys: string, text: string, msMax: number): Promise<number> {
    this.#shown = "";
    const shown = this.until(text, msMax);
    const from = clock.monotonic();
    this.write(keys);
    return (await shown) - from;
  }

  /** Presses the keys that end the program; resolves with its exit code. */
  async quit(keys: string): Promise<number | null> {
    const exited = new Promise<number | null>((resolve) => this.#script.once("exit", resolve));
    this.write(keys);
    const giveUp = clock.after(quitMsMax, () => this.#script.kill("SIGKILL"));
    return exited.finally(giveUp);
  }

  kill(): void {
    if (this.#script.exitCode === null) this.#script.kill("SIGKILL");
  }

  /** Has a guard end the program when this process is killed: `script` outlives the process that reads from it. */
  #guard(line: string): void {
    const { pid } = this.#script;
    if (pid === undefined) throw new Failure("no_pseudo_terminal", `script did not start for ${line}`, "run it again");
    const stopGuarding = guard({ pid, pidFile: path.join("/proc", String(pid)), remove: [], ids: undefined });
    this.#script.once("exit", stopGuarding);
  }

  #output(piece: string): void {
    const nowMs = clock.monotonic();
    this.#bytes += Buffer.byteLength(piece);
    this.#shown = (this.#shown + stripVTControlCharacters(piece)).slice(-keptLength);
    for (const waiting of this.#waiting.splice(0)) {
      if (this.#shown.includes(waiting.text)) waiting.found(nowMs);
      else this.#waiting.push(waiting);
    }
  }
}
