import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

interface Awaited {
  resolve(answer: string): void;
  reject(cause: Error): void;
}

/**
 * A client in tmux's control mode (CONTROL MODE in tmux(1)), which obeys one command after the other. A process for each command
 * (and each look at the screen is one) would take more CPU than the program in the terminal.
 */
export class TmuxControl {
  readonly #client: ChildProcessWithoutNullStreams;
  readonly #awaited: Awaited[] = [];
  /** Of the answer that is being read. */
  #lines: string[] | undefined;

  /** `words` name the server; the client neither changes the window's size nor receives what is written in it. */
  constructor(words: readonly string[], environment: NodeJS.ProcessEnv) {
    const attach = ["-C", "attach-session", "-f", "ignore-size,no-output"];
    this.#client = spawn("tmux", [...words, ...attach], { env: environment });
    createInterface({ input: this.#client.stdout }).on("line", (line) => this.#read(line));
    this.#client.stdin.on("error", () => {}); // The end is handled below.
    this.#client.once("exit", () => {
      for (const { reject } of this.#awaited.splice(0)) reject(new Error("tmux has ended"));
    });
  }

  /** Runs a command without a line break; resolves with the answer of tmux, or fails with its error. */
  obey(...words: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#client.exitCode !== null) return reject(new Error("tmux has ended"));
      this.#awaited.push({ resolve, reject });
      this.#client.stdin.write(`${words.map(quoted).join(" ")}\n`);
    });
  }

  #read(line: string): void {
    // An answer begins with a time, a number, and whether this client asked: `attach-session` itself is answered, too.
    const guard = /^%(begin|end|error) \d+ \d+ (\d)$/.exec(line);
    if (guard?.[1] === "begin") this.#lines = [];
    else if (!guard) this.#lines?.push(line);
    else {
      const answer = this.#lines?.map((of) => `${of}\n`).join("") ?? "";
      this.#lines = undefined;
      if (guard[2] !== "1") return;
      const awaited = this.#awaited.shift();
      if (guard[1] === "end") awaited?.resolve(answer);
      else awaited?.reject(new Error(`tmux: ${answer}`));
    }
  }
}

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
