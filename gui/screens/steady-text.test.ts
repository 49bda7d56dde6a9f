import assert from "node:assert/strict";
import { test } from "node:test";
import { inTrueColour, isTrueColour, steadyText } from "./steady-text.ts";

test("behind text that terminals draw in different widths, the cursor is set to its counted column", () => {
  assert.equal(steadyText("🫨", { x: 4, columns: 2 }), "\u001b[2X🫨\u001b[7G");
  assert.equal(steadyText("नि", { x: 0, columns: 2 }), "\u001b[2Xनि\u001b[3G");
  assert.equal(steadyText("❤", { x: 9, columns: 1 }), "\u001b[1X❤\u001b[11G");
});

test("text that all terminals draw alike is written without further sequences", () => {
  for (const text of ["a", "é", "漢", "│", " ", "1"]) assert.equal(steadyText(text, { x: 3, columns: 1 }), text);
});

test("true colour is written with the text, past blessed", () => {
  assert.ok(isTrueColour("38;2;1;2;3;48;2;4;5;6") && isTrueColour("48;2;4;5;6"));
  assert.ok(!isTrueColour("38;5;2;48;5;2") && !isTrueColour("1;38;5;2"));
  assert.equal(inTrueColour("▀", "38;2;1;2;3"), "\u001b[38;2;1;2;3m▀\u001b[39;49m");
});
