import assert from "node:assert/strict";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { projectRoot } from "../../core/platform/project-root.ts";
import { drawn } from "../testing/drawn.ts";
import { releaseTeamSession } from "../testing/release-team.ts";
import { hasTmux, TmuxTerminal } from "../testing/tmux.ts";

const program = path.join(projectRoot, "dist", "gui", "testing", "screen-program.js");
const usual = { columns: 80, rows: 24 };

suite("the screen, in a real terminal", { skip: hasTmux() ? false : "no tmux here" }, () => {
  let terminal: TmuxTerminal;
  before(async () => {
    const command = ["env", "-u", "NO_COLOR", "TERM=xterm-256color", process.execPath, program];
    terminal = await TmuxTerminal.open(command, usual);
  });
  after(() => terminal.close());

  test("shows what the layout says, wide characters and hostile names too", async () => {
    await terminal.shows("still on its way");
    assert.deepEqual(await terminal.screen(), drawn(releaseTeamSession(usual).state));
    // Somebody's name, in the colour of that person.
    assert.match(await terminal.colouredScreen(), /\[38;5;\d+m漢字さん/);
  });

  test("what is typed arrives: letters of any script, Alt-Enter, Backspace, an enter once", async () => {
    await terminal.type("hé😀漢 xy");
    await terminal.press("BSpace", "M-Enter");
    await terminal.type("second");
    await terminal.shows(
      (lines) => lines[21]?.endsWith("› hé😀漢 x") === true && lines[22]?.endsWith("  second") === true,
    );
    await terminal.press("C-u", "BSpace", "C-u");
    await terminal.type("/settings");
    await terminal.press("Enter");
    await terminal.shows("─ Settings ─");
    // A second enter would have turned the first of them.
    await terminal.shows(/Colours +dark/);
    await terminal.press("Escape");
    await terminal.shows((lines) => !lines.join().includes("Settings"));
  });

  test("a paste is one event, with its lines and without control characters", async () => {
    await terminal.paste("one {bold}\n\u001b[31mtwo");
    await terminal.shows(
      (lines) => lines[21]?.endsWith("› one {bold}") === true && lines[22]?.includes("[31mtwo") === true,
    );
    await terminal.press("C-u", "BSpace", "C-u");
  });

  test("another size is drawn at once", async () => {
    await terminal.resize(40, 12);
    await terminal.shows((lines) => lines.length === 12 && lines[0]?.startsWith(" release team") === true);
    await terminal.resize(usual.columns, usual.rows);
    await terminal.shows((lines) => lines[0]?.startsWith(" alice") === true);
  });

  test("another program gets the terminal and gives it back", async () => {
    await terminal.press("C-z");
    await terminal.shows("the shell has the terminal");
    await terminal.shows("still on its way");
    assert.deepEqual(await terminal.screen(), drawn(releaseTeamSession(usual).state));
  });

  test("a click opens the group that is drawn there, and the wheel moves the conversation", async () => {
    // Buttons, columns and rows as xterm reports them, counted from 1.
    await terminal.type("\u001b[<64;40;10M");
    await terminal.shows("more below");
    await terminal.type("\u001b[<0;4;3M\u001b[<0;4;3m");
    await terminal.shows((lines) => lines[0]?.includes("│ cats") === true);
    await terminal.type("\u001b[<0;4;2M");
    await terminal.shows((lines) => lines[0]?.includes("│ release team") === true);
  });

  test("at the end the terminal is as it was", async () => {
    await terminal.press("C-q");
    const lines = await terminal.shows("ended with 0");
    assert.ok(!lines.join().includes("release team"));
    await terminal.press("F1");
    await terminal.type("plain");
    await terminal.shows("plain");
  });
});
