import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after } from "node:test";

/** Whether there is a real terminal to draw in; a test that needs it is skipped, and says so, where it is missing. */
export const withoutTmux: string | false =
  spawnSync("tmux", ["-V"]).status === 0 ? false : "tmux is not installed, so nothing is drawn in a real terminal";

const running: Tmux[] = [];
after(() => {
  for (const tmux of running) tmux.end();
});

/** A terminal of a known size, in which a program runs. */
export class Tmux {
  readonly #socket = `fastchat-test-${randomBytes(6).toString("hex")}`;

  constructor(program: readonly string[], size: { readonly columns: number; readonly rows: number }) {
    const { columns, rows } = size;
    const words = program.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    this.#tell("-f", "/dev/null", "new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, words);
    this.#tell("set-option", "-g", "remain-on-exit", "on");
    running.push(this);
  }

  /** What is on the screen, line by line; with its colours if wanted. */
  screen(how: { readonly colours?: boolean } = {}): string[] {
    return this.#tell("capture-pane", "-p", ...(how.colours ? ["-e"] : [])).split("\n");
  }

  /** Types keys by tmux's names, or literally. */
  type(...keys: string[]): void {
    this.#tell("send-keys", ...keys);
  }

  /** Pastes as a terminal does: marked, if the program has asked for it. */
  paste(text: string): void {
    this.#tell("set-buffer", text);
    this.#tell("paste-buffer", "-p");
  }

  /** A value of tmux's, such as `alternate_on`. */
  value(name: string): string {
    return this.#tell("display-message", "-p", `#{${name}}`).trim();
  }

  end(): void {
    spawnSync("tmux", ["-L", this.#socket, "kill-server"], { stdio: "ignore" });
  }

  #tell(...words: string[]): string {
    const env = { ...process.env, LC_ALL: "C.UTF-8" };
    return execFileSync("tmux", ["-L", this.#socket, "-u", ...words], { encoding: "utf8", env });
  }
}
