import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureLines } from "./picture.ts";

const red = "\u001b[38;5;1m";
const end = "\u001b[0m";
const lines = [`${red}▀▄ █${end}`, `${red}▀▀▀▀${end}`];

test("a picture is shown as it was drawn where it fits, and its first line names it to the terminal", () => {
  assert.deepEqual(pictureLines(lines, 4, 7), [
    [{ text: lines[0], style: "picture", graphic: { id: 7, rows: 2 } }],
    [{ text: lines[1], style: "picture" }],
  ]);
  assert.deepEqual(pictureLines(lines, 4), [
    [{ text: lines[0], style: "picture" }],
    [{ text: lines[1], style: "picture" }],
  ]);
});

test("a picture that is too wide is cut, ends its colours, and has no pixels", () => {
  assert.deepEqual(pictureLines(lines, 3, 7), [
    [{ text: `${red}▀▄ ${end}`, style: "picture" }],
    [{ text: `${red}▀▀▀${end}`, style: "picture" }],
  ]);
});

test("nothing but half-blocks and their colours is drawn", () => {
  for (const evil of ["\u001b[2J▀", "▀x", "x▀", "\u001b]0;▀\u0007", `▀\u001b[1;1H`])
    assert.deepEqual(pictureLines([evil], 10), [], JSON.stringify(evil));
});
