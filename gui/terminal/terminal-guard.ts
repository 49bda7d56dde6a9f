import { writeSync } from "node:fs";
import type { ReadStream } from "node:tty";
import type { Cancel, Clock } from "../../core/platform/clock.ts";

/** Another screen than the shell's, pastes marked. The cursor is the screens' affair. */
export const enterSequence = "\x1b[?1049h\x1b[?2004h";

/**
 * Takes back whatever a terminal program may have set, in an order in which no step undoes another: the scrolled region,
 * mouse reports of every kind, focus reports, marked pastes, keypad and cursor keys, alphabet, colours, the cursor, and last
 * the shell's screen.
 */
export const leaveSequence =
  "\x1b[r\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1004l\x1b[?2004l" +
  "\x1b[?1l\x1b>\x1b(B\x0f\x1b[0m\x1b[?25h\x1b[?1049l";

/** How long the process may take to stand still after it was told to; the terminal is taken back if it does not. */
const standStillMsMax = 200;

const endingSignals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type EndingSignal = keyof typeof endingSignals;

export interface GuardedTerminal {
  readonly input: Pick<ReadStream, "setRawMode" | "isTTY">;
  readonly output: { readonly fd: number };
  readonly process: NodeJS.Process;
  readonly clock: Clock;
  /**
   * The terminal is about to be given back: blessed may leave it in its own way. It would do so anyway when the process
   * exits, with the cursor where it began, over whatever has been printed by then.
   */
  readonly onLeave: () => void;
  /** Lets go in good order when a signal ends the program, within the time that the guard then has. */
  readonly onSignal: (signal: EndingSignal) => Promise<void>;
  /** The terminal is ours again after a suspension, and empty. */
  readonly onReturn: () => void;
  /** Names what broke, on a terminal that is in order again. */
  readonly onCrash: (cause: unknown) => void;
}

/** What is waited for when a signal ends the program; then it ends anyway. */
export const lettingGoMsMax = 3000;

/**
 * Holds the terminal while the client is on it, and gives it back as it was, whatever happens: an exit, a crash, a rejection
 * that nobody has handled, a signal, Ctrl-Z. Only SIGKILL leaves it as it is.
 */
export class TerminalGuard {
  readonly #terminal: GuardedTerminal;
  #isHeld = false;
  #isEnding = false;
  #cancelReturn: Cancel = () => {};
  readonly #handlers: (readonly [event: string, handler: (cause: unknown) => void])[];

  /** Takes the terminal. */
  constructor(terminal: GuardedTerminal) {
    this.#terminal = terminal;
    this.#handlers = [
      ["exit", () => this.#leave()],
      // Rejections that nobody handles come here as well.
      ["uncaughtException", (cause) => this.#crash(cause)],
      ["SIGTSTP", () => this.suspend()],
      ["SIGCONT", () => this.#return()],
      ...Object.keys(endingSignals).map((signal) => [signal, () => this.#end(signal as EndingSignal)] as const),
    ];
    for (const [event, handler] of this.#handlers) terminal.process.on(event, handler);
    this.#enter();
  }

  /** Gives the terminal back and looks after it no longer. */
  release(): void {
    this.#leave();
    this.#cancelReturn();
    for (const [event, handler] of this.#handlers) this.#terminal.process.off(event, handler);
  }

  /**
   * Back to the shell until it says `fg`, as Ctrl-Z does everywhere else; in raw mode it comes as a key. All processes of the
   * job stand still, so that what has started this one does too. Where nobody could wake them, and on Windows, they do not.
   */
  suspend(): void {
    const { process, clock } = this.#terminal;
    if (process.platform === "win32" || !this.#isHeld) return;
    this.#leave();
    const stop = this.#handlers.find(([event]) => event === "SIGTSTP")?.[1] as (cause: unknown) => void;
    process.off("SIGTSTP", stop);
    process.kill(0, "SIGTSTP");
    this.#cancelReturn = clock.after(standStillMsMax, () => this.#return());
    process.on("SIGTSTP", stop);
  }

  #return(): void {
    this.#cancelReturn();
    if (this.#isEnding) return;
    this.#enter();
    this.#terminal.onReturn();
  }

  #enter(): void {
    const { input, output } = this.#terminal;
    this.#isHeld = true;
    if (input.isTTY) input.setRawMode(true);
    writeWhole(output.fd, enterSequence);
  }

  #leave(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const { input, output, onLeave } = this.#terminal;
    try {
      onLeave();
    } catch {
      // What broke may have broken the screen as well; what follows does not need it.
    }
    try {
      writeWhole(output.fd, leaveSequence);
      if (input.isTTY) input.setRawMode(false);
    } catch {
      // The terminal is gone: after SIGHUP there is nothing to give back.
    }
  }

  #end(signal: EndingSignal): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#leave();
    const { process, clock, onSignal } = this.#terminal;
    const exit = () => process.exit(128 + endingSignals[signal]);
    clock.after(lettingGoMsMax, exit);
    onSignal(signal).then(exit, exit);
  }

  #crash(cause: unknown): void {
    this.#isEnding = true;
    this.#leave();
    this.#terminal.onCrash(cause);
    this.#terminal.process.exit(1);
  }
}

/**
 * At once, also when the process is about to end. A terminal that does not take everything is written to again, for a
 * second: behind Ctrl-S nobody reads.
 */
function writeWhole(fd: number, text: string): void {
  let rest = Buffer.from(text);
  for (let pauses = 0; rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EAGAIN" || ++pauses > 100) throw cause;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
