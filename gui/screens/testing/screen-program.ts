import blessed from "blessed";
import { systemClock } from "../../../core/platform/clock.ts";
import { KeyStream } from "../../terminal/key-stream.ts";
import { TerminalGuard } from "../../terminal/terminal-guard.ts";
import { Cells } from "../text/cells.ts";
import { harmlessLine } from "../text/harmless.ts";

/** blessed on a guarded terminal: shows the last key or paste, and breaks at `t`. */
const keys = new KeyStream(process.stdin, {
  clock: systemClock,
  onPaste: ({ text }) => show(`pasted ${harmlessLine(text)}`),
});
const guard = new TerminalGuard({
  input: process.stdin,
  output: process.stdout,
  process,
  clock: systemClock,
  onLeave: () => screen.leave(),
  onSignal: async () => {},
  onReturn() {
    screen.enter();
    screen.alloc();
    screen.render();
  },
  onCrash: (cause) => process.stdout.write(`crashed: ${(cause as Error).message}\n`),
});
const screen = blessed.screen({
  input: keys,
  output: process.stdout,
  fullUnicode: true,
  smartCSR: true,
  terminal: "xterm-256color",
}) as blessed.Widgets.Screen & { enter(): void; leave(): void };
const cells = new Cells();
cells.attach(screen);
const box = blessed.box({ parent: screen, width: 40, height: 5, border: "line" });
function show(text: string): void {
  box.setContent(cells.encode(text));
  screen.render();
}
screen.on("keypress", (_character: string, key: { readonly full: string }) => {
  show(`key ${key.full}`);
  if (key.full === "C-z") guard.suspend();
  if (key.full === "t") throw new Error("a bug");
  if (key.full === "q") process.exit(0);
});
show("shown");
