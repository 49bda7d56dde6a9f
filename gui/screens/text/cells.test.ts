import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { until } from "../../../core/testing/until.ts";
import { Tmux, withoutTmux } from "../../testing/tmux.ts";

const place = mkdtempSync(path.join(tmpdir(), "cells-test-"));
after(() => rmSync(place, { recursive: true, force: true }));

const samples: Readonly<Record<string, string>> = {
  plain: "plain",
  Latin: "Zürich",
  Chinese: "日本語漢字",
  "wide Latin": "ＦＵＬＬ",
  "narrow kana": "ｶﾀｶﾅ",
  "voiced kana": "が゙ｶﾞ",
  Korean: "한국어",
  "Korean in parts": "한글",
  emoji: "🎉🚀😀",
  "emoji of the first plane": "⌚⚡✨☕",
  "emoji newer than the terminal": "🫨🪿",
  mixed: "a日b🎉c",
  family: "👨‍👩‍👧‍👦x",
  "a profession": "👩‍💻x",
  "burning heart": "❤️‍🔥x",
  flag: "🇩🇪x",
  "half a flag more": "🇩🇪🇫x",
  "flag by tags": "🏴󠁧󠁢󠁳󠁣󠁴󠁿x",
  "skin tone": "👍🏽x",
  "combining, composed": "étude",
  "combining, not composed": "x̂y̌q̃",
  stacked: "z̸̡̢̛͇͚͙x",
  "heart in colour": "❤️x",
  "telephone in black": "☎︎x",
  keycap: "1️⃣x",
  ambiguous: "±§°α→…—",
  Hindi: "नमस्ते क्षि",
  Tamil: "நிலைகொ",
  Thai: "กำลังที่",
  Arabic: "مَرْحَبًا",
  Hebrew: "שָׁלוֹם",
  Tibetan: "བོད་ཡིག",
  Khmer: "ភាសាខ្មែរ",
  Burmese: "မြန်မာ",
  "rare Chinese": "𠀀𠮷",
  "letters of mathematics": "𝒳𝔸",
  blocks: "╔═╗█▀▄",
  "wide space": "a　b",
  invisible: "a\u200bb\u200dc\u00ad",
  reordering: "a\u202eb\u2066c",
  steering: "\x1b[31ma\x9bb\x07",
  tags: "{red-fg}a{/red-fg}{bold}",
};

test("a border stands in its column whatever is in the box, and true colour passes", {
  skip: withoutTmux,
}, async () => {
  const lines = Object.values(samples);
  const [drawn, prefixes, answers] = ["lines.json", "prefixes.json", "answers.json"].map((name) =>
    path.join(place, name),
  ) as [string, string, string];
  writeFileSync(drawn, JSON.stringify(lines));
  const size = { columns: 80, rows: lines.length + 3 };
  const terminal = new Tmux([process.execPath, "dist/gui/screens/testing/samples-program.js", drawn], size);
  const isDrawn = () => terminal.screen().filter((line) => line.includes("!")).length === lines.length;
  await until(isDrawn, "all lines are drawn").catch(() => {});
  const colours = terminal.screen({ colours: true })[0];
  assert.match(colours ?? "", /<\x1b\[38;2;1;2;3m?.*48;2;200;100;50m▀\x1b\[39m\x1b\[49m>/);
  const screen = terminal.screen().slice(1, lines.length + 1);
  // How far the terminal moves for what is before the border is asked of the terminal itself.
  writeFileSync(prefixes, JSON.stringify(screen.map((line) => line.slice(0, line.lastIndexOf("│")))));
  new Tmux([process.execPath, "dist/gui/testing/columns-program.js", prefixes, answers], size);
  await until(() => existsSync(answers) && readFileSync(answers, "utf8") !== "", "the terminal has answered");
  const columns = JSON.parse(readFileSync(answers, "utf8")) as number[];
  const names = Object.keys(samples);
  assert.deepEqual(
    names.filter((_name, row) => columns[row] !== 39).map((name) => `${name}: ${columns[names.indexOf(name)]}`),
    [],
    screen.join("\n"),
  );
  assert.equal(screen.filter((line) => line.includes("?") || !line.includes("!")).length, 0, screen.join("\n"));
});
