import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../core/platform/project-root.ts";
import { hasTmux, TmuxTerminal } from "../testing/tmux.ts";

const program = (name: string) => path.join(projectRoot, "dist", "gui", "testing", name);
const size = { columns: 100, rows: 60 };

const samples = [
  ...[
    "plain",
    "Zürich",
    "étude",
    "x̂y̌q̃",
    "日本語漢字",
    "ＦＵＬＬ",
    "ｶﾀｶﾅ が゙",
    "한국어 한글",
    "🎉🚀😀",
    "⌚⚡✨☕",
    "a日b🎉c",
  ],
  // Newer than many terminals.
  ...["🫨🪿", "👨‍👩‍👧‍👦x", "👩‍💻x", "❤️‍🔥x", "🇩🇪x", "🇩🇪🇫x", "👍🏽x", "❤️x", "☎︎x", "1️⃣x", "±§°α→"],
  ...["नमस्ते क्षि", "நிலைகொ", "กำลังที่", "مَرْحَبًا", "שָׁלוֹם", "བོད་ཡིག", "ភាសាខ្មែរ", "မြန်မာ", "𠀀𠮷", "𝒳𝔸", "a　b", "z̸̡̢̛͇͚͙x"],
];

for (const TERM of ["screen-256color", "xterm-256color"]) {
  test(`what stands at the right edge stands there behind text of any script, as ${TERM}`, {
    skip: hasTmux() ? false : "no tmux here",
  }, async () => {
    const command = [
      "env",
      "-u",
      "NO_COLOR",
      `TERM=${TERM}`,
      process.execPath,
      program("scripts-program.js"),
      ...samples,
    ];
    const terminal = await TmuxTerminal.open(command, size);
    const isSaid = (line: string) => /✓( \d)?$/.test(line);
    const lines = await terminal.shows((shown) => shown.filter(isSaid).length === samples.length);
    assert.match(await terminal.colouredScreen(), /38;5;\d+m/);
    await terminal.close();
    const said = lines.filter(isSaid);
    // How far the terminal moves for a line is asked of the terminal itself.
    const asking = await TmuxTerminal.open([process.execPath, program("columns-program.js"), ...said], size);
    const answered = (await asking.shows("columns [")).join("");
    await asking.close();
    const columns: readonly unknown[] = JSON.parse(/columns (\[.*?\])/.exec(answered)?.[1] ?? "[]");
    const shifted = samples.filter((_sample, at) => columns[at] !== columns[0]);
    assert.deepEqual([columns.length, shifted], [samples.length, []], lines.join("\n"));
  });
}
