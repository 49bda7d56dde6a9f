import { writeFileSync } from "node:fs";
import { systemClock } from "../../core/platform/clock.ts";
import { KeyStream } from "../terminal/key-stream.ts";
import { TerminalGuard } from "../terminal/terminal-guard.ts";

/** Holds the terminal, sets whatever can be set, and ends as its argument says; keys and pastes go to the file behind it. */
const [how, file] = process.argv.slice(2) as [string, string | undefined];
const heard: unknown[] = [];
const hear = (what: unknown) => {
  heard.push(what);
  if (file) writeFileSync(file, JSON.stringify(heard));
};
const guard = new TerminalGuard({
  input: process.stdin,
  output: process.stdout,
  process,
  clock: systemClock,
  onLeave() {
    throw new Error("what broke is broken");
  },
  async onSignal(signal) {
    process.stdout.write(`let go at ${signal}\n`);
  },
  onReturn: () => process.stdout.write("back again\n"),
  onCrash: (cause) => process.stdout.write(`crashed: ${(cause as Error).message}\n`),
});
process.stdout.write("\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?25l\x1b[31m\x1b[5;10r\x1b[?1h\x1b=held\n");
const keys = new KeyStream(process.stdin, { clock: systemClock, onPaste: hear });
keys.on("data", (bytes: Buffer) => {
  const text = bytes.toString();
  hear(text);
  if (text === "\x1a") guard.suspend();
  if (text === "q") process.exit(7);
  if (text === "t") throw new Error("a bug");
  if (text === "r") void Promise.reject(new Error("nobody waits"));
  if (text === "l") {
    guard.release();
    keys.close();
  }
});
if (how === "hold") setInterval(() => {}, 1000);
