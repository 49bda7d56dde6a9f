import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { until } from "../../core/testing/until.ts";
import { Tmux, withoutTmux } from "../testing/tmux.ts";

const place = mkdtempSync(path.join(tmpdir(), "guard-test-"));
after(() => rmSync(place, { recursive: true, force: true }));
const size = { columns: 120, rows: 30 };
const program = `${process.execPath} dist/gui/testing/guarded-program.js`;

/** A shell that runs the program, and then says how it ended and in which mode the terminal is. */
const shell = (command: string) =>
  new Tmux(["sh", "-c", `${command}; echo code $?; stty -a; echo over; sleep 60`], size);
const shows = (terminal: Tmux, text: string) =>
  until(() => terminal.screen().some((line) => line.includes(text)), `the terminal shows ${text}`);

function isSane(terminal: Tmux): void {
  const flags = [
    "alternate_on",
    "cursor_flag",
    "mouse_any_flag",
    "mouse_sgr_flag",
    "keypad_cursor_flag",
    "keypad_flag",
  ];
  assert.deepEqual(
    flags.map((flag) => `${flag} ${terminal.value(flag)}`),
    flags.map((flag) => `${flag} ${flag === "cursor_flag" ? 1 : 0}`),
  );
  assert.equal(terminal.value("scroll_region_upper"), "0");
  assert.equal(terminal.value("scroll_region_lower"), String(size.rows - 1));
  const screen = terminal.screen().join(" ");
  assert.match(screen, /[^-]icanon/);
  assert.match(screen, /[^-]echo /);
}

const endings: Readonly<
  Record<string, { readonly key?: string; readonly signal?: string; readonly shown: string; readonly code: number }>
> = {
  "an exit": { key: "q", shown: "", code: 7 },
  "an exception": { key: "t", shown: "crashed: a bug", code: 1 },
  "a rejection that nobody handles": { key: "r", shown: "crashed: nobody waits", code: 1 },
  SIGTERM: { signal: "TERM", shown: "let go at SIGTERM", code: 143 },
  SIGHUP: { signal: "HUP", shown: "let go at SIGHUP", code: 129 },
  SIGINT: { signal: "INT", shown: "let go at SIGINT", code: 130 },
};

for (const [name, { key, signal, shown, code }] of Object.entries(endings)) {
  test(`after ${name} the terminal is as it was`, { skip: withoutTmux }, async () => {
    const pid = path.join(place, `${code}-${name.length}.pid`);
    const terminal = shell(`sh -c 'echo $$ > ${pid}; exec ${program} hold'`);
    await shows(terminal, "held");
    assert.equal(terminal.value("alternate_on"), "1");
    assert.equal(terminal.value("mouse_any_flag"), "1");
    if (key) terminal.type(key);
    if (signal) process.kill(Number(readFileSync(pid, "utf8")), `SIG${signal}`);
    await shows(terminal, "over");
    isSane(terminal);
    const screen = terminal.screen();
    assert.ok(screen.includes(`code ${code}`), screen.join("\n"));
    assert.ok(
      screen.some((line) => line.includes(shown)),
      screen.join("\n"),
    );
    terminal.end();
  });
}

test("Ctrl-Z gives the shell its terminal, and fg gives it back", { skip: withoutTmux }, async () => {
  const terminal = new Tmux(["bash", "--norc", "-i"], size);
  terminal.type(`${program} hold`, "Enter");
  await shows(terminal, "held");
  terminal.type("C-z");
  await shows(terminal, "Stopped");
  terminal.type("stty -a", "Enter");
  await shows(terminal, "icanon");
  isSane(terminal);
  terminal.type("fg", "Enter");
  await shows(terminal, "back again");
  assert.equal(terminal.value("alternate_on"), "1");
  terminal.type("q");
  await until(() => terminal.value("alternate_on") === "0", "the program has ended");
  terminal.end();
});

test("where nobody could wake it, Ctrl-Z leaves the program running", { skip: withoutTmux }, async () => {
  const terminal = new Tmux([process.execPath, "dist/gui/testing/guarded-program.js", "hold"], size);
  await shows(terminal, "held");
  terminal.type("C-z");
  await shows(terminal, "back again");
  terminal.end();
});

test("a paste of many lines arrives whole, and is no keys", { skip: withoutTmux }, async () => {
  const file = path.join(place, "heard.json");
  const terminal = new Tmux([process.execPath, "dist/gui/testing/guarded-program.js", "hold", file], size);
  await shows(terminal, "held");
  terminal.type("a");
  terminal.paste("one\ntwo\nq\n");
  const heard = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
  await until(() => heard().includes("two"), "the paste is heard");
  terminal.type("Escape");
  await until(() => heard().includes("\\u001b"), "the key is heard");
  assert.deepEqual(JSON.parse(heard()), ["a", { kind: "paste", text: "one\ntwo\nq\n", isCutOff: false }, "\x1b"]);
  terminal.end();
});

test("a guard that is let go leaves the process as it was", { skip: withoutTmux }, async () => {
  const terminal = shell(`${program} once`);
  await shows(terminal, "held");
  terminal.type("l");
  await shows(terminal, "over");
  isSane(terminal);
  assert.ok(terminal.screen().includes("code 0"));
  terminal.end();
});
