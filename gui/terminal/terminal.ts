import { writeSync } from "node:fs";
import { constants } from "node:os";
import type { ReadStream, WriteStream } from "node:tty";
import { type Clock, sleep } from "../../core/platform/clock.ts";
import { codeOf } from "../../core/platform/failure.ts";
import type { InputItem } from "./input.ts";
import { TerminalInput } from "./terminal-input.ts";
import { TerminalOutput } from "./terminal-output.ts";

export interface TerminalOptions {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream & { readonly fd: number };
  readonly clock: Clock;
  onItem(item: Exclude<InputItem, { kind: "bytes" }>): void;
  /** The terminal is ours again, and shows something else: everything must be drawn anew. */
  onBack(): void;
  /** A signal ends the process; the terminal is given back already. The process waits for this, but not for long. */
  onEnd?(signal: NodeJS.Signals): Promise<void> | void;
}

/**
 * Modes of xterm ("DEC Private Mode Set"): mouse buttons and the wheel, mouse positions in any column, focus, pastes in
 * brackets.
 */
const modes = [1000, 1006, 1004, 2004];
const alternateScreen = 1049;
const set = (mode: number) => `\u001b[?${mode}h`;
const reset = (mode: number) => `\u001b[?${mode}l`;

const takeSequence = [alternateScreen, ...modes].map(set).join("");
/**
 * Undoes whatever we, or the library that draws, have switched on: output held back, the ways to report the mouse, the keypad's
 * mode, colours, the character set, the margins, the cursor, and last the other screen, with which the cursor's place comes back.
 */
const giveSequence = [
  [2026, 1003, 1002, 1015, 1005, ...modes].map(reset).join(""),
  `\u001b>${reset(1)}\u001b[0m\u000f\u001b(B\u001b[r${set(7)}${set(25)}\u001b[0 q`,
  reset(alternateScreen),
].join("");

const endings = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
/** After a signal, the process ends within this time. */
const endMsMax = 3_000;
/** If we are not stopped within this time, the shell has no job control: we go on. */
const notStoppedMs = 200;

/**
 * The terminal, taken from the shell and given back as it was, whatever happens: at the end of the process, at an error that
 * nobody caught, at a signal, while the shell or the user's editor has it. Only SIGKILL is beyond it.
 */
export class Terminal {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
  readonly #options: TerminalOptions;
  /** `lent` to another program, or left to the shell until SIGCONT. */
  #state: "free" | "ours" | "lent" | "suspended" = "free";
  #isEnding = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.input = new TerminalInput({ source: options.stdin, clock: options.clock, onItem: options.onItem });
    this.output = new TerminalOutput(options.stdout);
  }

  /** Takes the terminal. */
  open(): void {
    process.on("exit", this.#onExit);
    // The terminal is given back before the error is printed, which would be lost on the other screen.
    process.on("uncaughtExceptionMonitor", this.#onExit);
    for (const signal of endings) process.on(signal, this.#onEnding);
    process.on("SIGTSTP", this.#onStop);
    process.on("SIGCONT", this.#onContinued);
    this.#take();
  }

  /** Gives the terminal back for good. */
  close(): void {
    this.#give("free");
    this.input.stop();
    this.output.stop();
    process.off("exit", this.#onExit);
    process.off("uncaughtExceptionMonitor", this.#onExit);
    for (const signal of endings) process.off(signal, this.#onEnding);
    process.off("SIGTSTP", this.#onStop);
    process.off("SIGCONT", this.#onContinued);
  }

  /** Leaves the terminal to the shell, as Ctrl-Z does, until the user comes back to us. */
  suspend(): void {
    if (this.#state !== "ours") return;
    this.#give("suspended");
    this.#stop();
  }

  /** Lets another program have the terminal, such as the user's editor, and takes it back afterwards. */
  async lend<T>(use: () => Promise<T>): Promise<T> {
    if (this.#state !== "ours") throw new Error(`a terminal that is ${this.#state} cannot be lent`);
    this.#give("lent");
    try {
      return await use();
    } finally {
      if (this.#is("lent")) this.#back();
    }
  }

  #is(state: "free" | "ours" | "lent" | "suspended"): boolean {
    return this.#state === state;
  }

  #take(): void {
    this.#state = "ours";
    this.input.setRawMode(true);
    this.#options.stdin.resume();
    this.#write(takeSequence);
    this.output.isOurs = true;
  }

  #give(to: "free" | "lent" | "suspended"): void {
    const wasOurs = this.#state === "ours";
    this.#state = to;
    if (!wasOurs) return;
    this.output.isOurs = false;
    this.#write(giveSequence);
    this.#options.stdin.pause();
    try {
      this.input.setRawMode(false);
    } catch {
      // The terminal is gone, as after SIGHUP: there is nothing to give back.
    }
  }

  #back(): void {
    this.#take();
    this.#options.onBack();
  }

  /** Written synchronously, since the process may be about to end. */
  #write(text: string): void {
    const bytes = Buffer.from(text);
    // A terminal that takes nothing for this many tries was stopped by its user, or is gone.
    for (let at = 0, tries = 0; at < bytes.length && tries < 1_000; tries++) {
      try {
        at += writeSync(this.#options.stdout.fd, bytes, at);
      } catch (cause) {
        if (codeOf(cause) !== "EAGAIN") return;
      }
    }
  }

  /** Stops the whole job, as the terminal itself would: npm, too, when it runs us. */
  #stop(): void {
    process.off("SIGTSTP", this.#onStop);
    process.kill(0, "SIGTSTP");
    this.#options.clock.after(notStoppedMs, () => {
      if (this.#state === "suspended") this.#onContinued();
    });
  }

  readonly #onExit = () => this.#give("free");

  readonly #onStop = () => {
    if (this.#state === "lent") process.kill(process.pid, "SIGSTOP");
    else this.suspend();
  };

  readonly #onContinued = () => {
    process.off("SIGTSTP", this.#onStop);
    if (this.#state === "free") return;
    process.on("SIGTSTP", this.#onStop);
    if (this.#state === "suspended") this.#back();
    else if (this.#state === "ours") {
      // SIGSTOP has stopped us, and the shell has set its own modes since.
      this.input.setRawMode(false);
      this.#back();
    }
  };

  readonly #onEnding = (signal: NodeJS.Signals) => {
    // Ctrl-C is for the program that has the terminal; its signal reaches us, too.
    if (this.#state === "lent" && (signal === "SIGINT" || signal === "SIGQUIT")) return;
    this.#give("free");
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { onEnd, clock } = this.#options;
    const exit = () => process.exit(128 + constants.signals[signal]);
    Promise.race([Promise.resolve(onEnd?.(signal)), sleep(clock, endMsMax)]).then(exit, exit);
  };
}
