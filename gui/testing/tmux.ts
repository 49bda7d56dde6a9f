import { execFile, execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { systemClock as clock, sleep } from "../../core/platform/clock.ts";
import { TmuxControl } from "./tmux-control.ts";

const run = promisify(execFile);
const pollMs = 30;
const patienceMs = 20_000;

/** Whether this machine has tmux; tests that need it say so and are skipped otherwise. */
export function hasTmux(): boolean {
  try {
    execFileSync("tmux", ["-V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export interface TmuxOptions {
  readonly columns: number;
  readonly rows: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program in a real terminal: a tmux server of its own, which ends with it. */
export class TmuxTerminal {
  readonly #socket = `fastchat-${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly #options = { env: { ...process.env, LC_ALL: "C.UTF-8", TERM: "xterm-256color" } };
  #control: TmuxControl | undefined;
  /** The test runner ends a test file by SIGTERM when it is interrupted; the tmux server would live on. */
  readonly #interrupted = () => {
    spawnSync("tmux", ["-L", this.#socket, "kill-server"], { stdio: "ignore" });
    process.off("SIGTERM", this.#interrupted);
    process.kill(process.pid, "SIGTERM");
  };

  static async open(
    command: readonly string[],
    { columns, rows, environment = {} }: TmuxOptions,
  ): Promise<TmuxTerminal> {
    const terminal = new TmuxTerminal();
    process.on("SIGTERM", terminal.#interrupted);
    const line = command.map(quoted).join(" ");
    const variables = Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    await terminal.#run(
      ...["new-session", "-d", "-x", String(columns), "-y", String(rows), ...variables],
      // The terminal stays after the program has ended, so that the test can look at it.
      ...["sh", "-c", `${line}; echo "ended with $?"; exec sleep 600`],
    );
    await terminal.#run("set-option", "-g", "status", "off", ";", "set-option", "-g", "focus-events", "off");
    terminal.#control = new TmuxControl(terminal.#words(), terminal.#options.env);
    return terminal;
  }

  /** What the screen shows, line by line, without trailing spaces. */
  async screen(): Promise<string[]> {
    return (await this.#tmux("capture-pane", "-p")).replace(/\n$/, "").split("\n");
  }

  /** The same with colours as escape sequences, and with trailing spaces, which may have a colour. */
  colouredScreen(): Promise<string> {
    return this.#tmux("capture-pane", "-p", "-e", "-N");
  }

  /** Keys by tmux's names, such as `Enter`, `C-g`, `M-Down`. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#tmux("send-keys", key);
  }

  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
  }

  /** Pastes a text; in brackets where the program has asked for them. */
  async paste(text: string): Promise<void> {
    const loading = run("tmux", this.#words("load-buffer", "-"), this.#options);
    loading.child.stdin?.end(text);
    await loading;
    await this.#tmux("paste-buffer", "-p", "-d");
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Waits until the screen shows this; fails with what it shows instead. */
  async shows(what: string | RegExp | ((lines: readonly string[]) => boolean)): Promise<string[]> {
    const deadline = clock.monotonic() + patienceMs;
    for (;;) {
      const lines = await this.screen();
      const text = lines.join("\n");
      if (typeof what === "function" ? what(lines) : typeof what === "string" ? text.includes(what) : what.test(text)) {
        return lines;
      }
      if (clock.monotonic() > deadline) throw new Error(`the screen does not show ${String(what)}, but:\n${text}`);
      await sleep(clock, pollMs);
    }
  }

  /** The process id of what runs in the terminal: the shell around the program. */
  async shellPid(): Promise<number> {
    return Number(await this.variable("#{pane_pid}"));
  }

  /** What tmux knows of the terminal, in its format language: `#{pane_title}`, `#{alternate_on}`. */
  async variable(format: string): Promise<string> {
    return (await this.#tmux("display-message", "-p", format)).replace(/\n$/, "");
  }

  async close(): Promise<void> {
    process.off("SIGTERM", this.#interrupted);
    await this.#run("kill-server").catch(() => {});
  }

  #tmux(...words: readonly string[]): Promise<string> {
    if (!this.#control) throw new Error("the terminal is not open");
    return this.#control.obey(...words);
  }

  /** Runs a command of tmux as a process of its own. */
  async #run(...words: readonly string[]): Promise<void> {
    await run("tmux", this.#words(...words), this.#options);
  }

  #words(...words: readonly string[]): string[] {
    return ["-L", this.#socket, "-f", "/dev/null", "-u", ...words];
  }
}

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
