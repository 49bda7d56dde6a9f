import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Area } from "../layout/frame.ts";
import { type Line, span } from "../layout/line.ts";
import { defaultSettings } from "../model/settings.ts";
import { cellsOf } from "./cells.ts";
import { themeFor } from "./theme.ts";

const dark = themeFor(defaultSettings, {});
const none = themeFor(defaultSettings, { NO_COLOR: "1" });

const area = (x: number, columns: number, line: Line): Area => ({
  name: "dialog",
  place: { x, y: 0, columns, rows: 1 },
  lines: [line],
});

function cells(areas: readonly Area[], theme = dark, columns = 6) {
  return cellsOf({ areas, cursor: undefined }, { columns, rows: 1 }, theme)[0] ?? [];
}

suite("cells", () => {
  test("a wide character takes two, and a combining mark none", () => {
    const row = cells([area(0, 6, [span("a漢e\u0310\u200b")])]);
    assert.deepEqual(
      row.map(({ text }) => text),
      ["a", "漢", "", "e\u0310", " ", " "],
    );
  });

  test("covering half of a wide character removes all of it", () => {
    const below = area(0, 6, [span("漢漢漢")]);
    const texts = cells([below, area(1, 4, [span("abcd")])]).map(({ text }) => text);
    assert.deepEqual(texts, [" ", "a", "b", "c", "d", " "]);
  });

  test("a picture keeps its colours, and without colours is left out", () => {
    const picture = span("\u001b[38;2;1;2;3m\u001b[48;5;9m▀\u001b[38;5;7m▄\u001b[0m▀", "picture");
    assert.deepEqual(cells([area(0, 3, [picture])]).slice(0, 3), [
      { text: "▀", rendition: "48;5;9;38;2;1;2;3" },
      { text: "▄", rendition: "48;5;9;38;5;7" },
      { text: "▀", rendition: "" },
    ]);
    assert.deepEqual(cells([area(0, 3, [picture])], none)[0], { text: " ", rendition: "" });
  });
});

suite("themes", () => {
  const everything = [span("a", "problem", "bar"), span("b", "nick7"), span("c", "dim"), span("d", "own", "selected")];

  test("without colours there is nothing but bold, underlined and inverse", () => {
    for (const environment of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      for (const { rendition } of cells([area(0, 4, everything)], themeFor(defaultSettings, environment))) {
        assert.match(rendition, /^(?:[147](?:;[147])*)?$/);
      }
    }
  });

  test("with few colours nothing is drawn in greys, which would become black", () => {
    const few = themeFor(defaultSettings, {}, 8);
    for (const { rendition } of cells([area(0, 4, everything)], few)) assert.doesNotMatch(rendition, /8;5|90/);
    assert.equal(cells([area(0, 4, everything)], few)[0]?.rendition, "7");
  });

  test("a person keeps a colour, and a span on a background keeps the background", () => {
    const [problem, nick] = cells([area(0, 4, everything)]);
    assert.match(problem?.rendition ?? "", /^48;5;\d+;38;5;\d+$/);
    assert.match(nick?.rendition ?? "", /^38;5;\d+$/);
  });
});
