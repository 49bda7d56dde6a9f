import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot } from "../../core/platform/project-root.ts";
import { hasTmux, TmuxTerminal } from "../testing/tmux.ts";

const skip = hasTmux() ? false : "tmux is missing";
const program = `'${process.execPath}' --enable-source-maps '${path.join(projectRoot, "dist/gui/testing/terminal-program.js")}'`;
const flags = ["alternate_on", "mouse_any_flag", "cursor_flag", "keypad_flag"].map((flag) => `#{${flag}}`).join(" ");

/** The program in a shell that compares the terminal's modes before and after it, and then shows what is typed. */
async function opened(t: TestContext, environment: Record<string, string> = {}): Promise<TmuxTerminal> {
  const modes = `stty -a; tmux display-message -p '${flags}'`;
  const script = `echo before; a=$(${modes}); ${program}; code=$?; b=$(${modes});
    if [ "$a" = "$b" ]; then echo "same modes, code $code"; else echo "$a"; echo "$b"; fi; exec cat -v`;
  const terminal = await TmuxTerminal.open(["sh", "-c", script], { columns: 100, rows: 30, environment });
  t.after(() => terminal.close());
  return terminal;
}

async function pidOf(terminal: TmuxTerminal): Promise<number> {
  const screen = await terminal.shows(/ready \d+/);
  assert.ok(!screen.includes("before"), "the program has a screen of its own");
  return Number(/ready (\d+)/.exec(screen.join("\n"))?.[1]);
}

/** The screen is the one from before, and the terminal neither marks pastes nor reports what nobody asked for. */
async function isAsBefore(terminal: TmuxTerminal, code: number): Promise<string> {
  const screen = await terminal.shows(`same modes, code ${code}`);
  assert.equal(screen[0], "before");
  assert.ok(!screen.some((line) => line.includes("ready")));
  await terminal.paste("a paste");
  assert.ok((await terminal.shows("a paste")).includes("a paste"), "it is not in brackets");
  return screen.join("\n");
}

const ends: Readonly<Record<string, { key: string; code: number; says?: string }>> = {
  "it closes": { key: "q", code: 0 },
  "it exits": { key: "x", code: 3 },
  "it throws": { key: "t", code: 1, says: "Error: thrown" },
  "it throws, and something else prints the error": { key: "u", code: 1, says: "printed: thrown" },
  "it rejects": { key: "r", code: 1, says: "Error: rejected" },
};

for (const [what, { key, code, says = "" }] of Object.entries(ends)) {
  test(`a terminal is as it was when ${what}`, { skip }, async (t) => {
    const terminal = await opened(t);
    await pidOf(terminal);
    await terminal.type(key);
    const screen = await isAsBefore(terminal, code);
    assert.ok(screen.includes(says), "the error can be read on the screen that is left");
  });
}

for (const [signal, code] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
  ["SIGHUP", 129],
] as const) {
  test(`a terminal is as it was after ${signal}, and the program is called back`, { skip }, async (t) => {
    const terminal = await opened(t);
    process.kill(await pidOf(terminal), signal);
    const screen = await isAsBefore(terminal, code);
    assert.ok(screen.includes(`ended by ${signal}`));
  });
}

test("pastes and answers of the terminal are kept apart from keys", { skip }, async (t) => {
  const terminal = await opened(t);
  await pidOf(terminal);
  await terminal.paste("two\nlines");
  await terminal.shows('{"kind":"paste","text":"two\\nlines"}');
  await terminal.press("Up");
  await terminal.shows('key "\\u001b[A"');
  await terminal.press("Escape");
  await terminal.shows('key "\\u001b"');
});

test("the shell has the terminal while the program is suspended, and gives it back", { skip }, async (t) => {
  const terminal = await TmuxTerminal.open(["env", "PS1=shell> ", "bash", "--norc", "--noprofile", "-i"], {
    columns: 100,
    rows: 30,
  });
  t.after(() => terminal.close());
  await terminal.shows("shell>");
  await terminal.type(program);
  await terminal.press("Enter");
  const pid = await pidOf(terminal);
  for (const stop of [() => terminal.type("z"), async () => process.kill(pid, "SIGTSTP")]) {
    await stop();
    const screen = await terminal.shows(/Stopped[^]*shell>/);
    assert.ok(!screen.some((line) => /^(?:ready|back|key)/.test(line)), "the shell's screen is shown");
    await terminal.type("clear; stty -a | grep -o ' icanon'");
    await terminal.press("Enter");
    await terminal.shows(/^ icanon/m);
    await terminal.type("fg");
    await terminal.press("Enter");
    await terminal.shows("back");
    await terminal.press("Right");
    await terminal.shows('key "\\u001b[C"');
  }
});

test("the user's editor has the terminal, a file of its own, and what it writes comes back", { skip }, async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), "editor-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const editor = path.join(directory, "editor.sh");
  writeFileSync(
    editor,
    `echo "editing: $(cat "$2"), mode $(stat -c %a "$2")"; stty -a | grep -o ' icanon'
    read line; case "$line" in fail) exit 1;; esac; echo "$1 $line" > "$2"`,
  );
  const terminal = await opened(t, { VISUAL: `sh '${editor}' word` });
  await pidOf(terminal);
  await terminal.type("e");
  await terminal.shows(/before\nediting: draft, mode 600\n icanon/);
  await terminal.type("line");
  await terminal.press("Enter");
  await terminal.shows('wrote "word line"');
  await terminal.type("e");
  await terminal.shows(/editing: draft, mode 600\n icanon[^]*editing: draft, mode 600\n icanon/);
  await terminal.type("fail");
  await terminal.press("Enter");
  await terminal.shows("wrote undefined");
  await terminal.type("q");
  await terminal.shows("same modes, code 0");
});
