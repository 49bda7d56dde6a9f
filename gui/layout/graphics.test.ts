import assert from "node:assert/strict";
import { test } from "node:test";
import type { Area, Frame } from "./frame.ts";
import { graphicPlaces } from "./graphics.ts";
import { type Line, span } from "./line.ts";

const picture = { text: "▀▀▀", style: "picture", graphic: { id: 7, rows: 2 } } as const;
const rest: Line = [span("    "), span("▀▀▀", "picture")];
const begun: Line = [span("漢字"), picture];
const frame = (...lines: Line[]): Frame => ({
  areas: [{ name: "conversation", place: { x: 24, y: 1, columns: 40, rows: lines.length }, lines }],
  cursor: undefined,
});
const dialog: Area = { name: "dialog", place: { x: 0, y: 0, columns: 9, rows: 1 }, lines: [[span("over it")]] };

test("a picture is where its first line is on the screen, behind what stands before it", () => {
  assert.deepEqual(graphicPlaces(frame([], begun, rest)), [{ id: 7, x: 28, y: 2, columns: 3, rows: 2 }]);
});

test("a picture that is not wholly in view, or under a dialog, stays half-blocks", () => {
  assert.deepEqual(graphicPlaces(frame([], begun)), []);
  assert.deepEqual(graphicPlaces(frame([], rest)), [], "its first line is above the view");
  const shown = frame([], begun, rest);
  assert.deepEqual(graphicPlaces({ ...shown, areas: [...shown.areas, dialog] }), []);
});
