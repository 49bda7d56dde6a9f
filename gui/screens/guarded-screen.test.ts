import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../core/testing/until.ts";
import { Tmux, withoutTmux } from "../testing/tmux.ts";

const size = { columns: 80, rows: 24 };
const program = `${process.execPath} dist/gui/screens/testing/screen-program.js`;
const shows = (terminal: Tmux, text: string) =>
  until(() => terminal.screen().some((line) => line.includes(text)), `the terminal shows ${text}`);

test("blessed gets keys, arrows and Escape through the client's input, and no pastes", {
  skip: withoutTmux,
}, async () => {
  const terminal = new Tmux(["sh", "-c", program], size);
  await shows(terminal, "shown");
  for (const [typed, key] of [
    ["a", "a"],
    ["Up", "up"],
    ["Escape", "escape"],
    ["Enter", "return"],
    ["C-a", "C-a"],
  ] as const) {
    terminal.type(typed);
    await shows(terminal, `key ${key}`);
  }
  terminal.paste("one\nq\nt");
  await shows(terminal, "pasted one␤q␤t");
  terminal.end();
});

test("after a crash its message stands above the prompt, and the shell's screen is as it was", {
  skip: withoutTmux,
}, async () => {
  const terminal = new Tmux(["sh", "-c", `echo before; ${program}; echo code $?; stty -a; sleep 60`], size);
  await shows(terminal, "shown");
  terminal.type("t");
  await shows(terminal, "icanon");
  const screen = terminal.screen();
  assert.deepEqual(screen.slice(0, 3), ["before", "crashed: a bug", "code 1"]);
  assert.match(screen.join(" "), /[^-]icanon/);
  assert.deepEqual([terminal.value("alternate_on"), terminal.value("cursor_flag")], ["0", "1"]);
  terminal.end();
});

test("after Ctrl-Z and fg the screen is drawn again, and takes keys", { skip: withoutTmux }, async () => {
  const terminal = new Tmux(["bash", "--norc", "-i"], size);
  terminal.type(program, "Enter");
  await shows(terminal, "shown");
  terminal.type("C-z");
  await shows(terminal, "Stopped");
  terminal.type("fg", "Enter");
  await shows(terminal, "key C-z");
  assert.ok(terminal.screen()[0]?.startsWith("┌─"));
  terminal.type("b");
  await shows(terminal, "key b");
  terminal.end();
});
