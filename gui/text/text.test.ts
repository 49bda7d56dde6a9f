import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { shownCluster } from "./shown-cluster.ts";
import { columnsOf, cut, graphemesOf } from "./width.ts";
import { wrap } from "./wrap.ts";

const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom("👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "é", "漢", " ", "\n", "\u001b[2J", "\u202e"),
  ),
});

suite("how wide text is", () => {
  for (const [text, columns, shown] of [
    ["plain", 5, "plain"],
    ["漢字", 4, "漢字"],
    ["ｆｗ", 4, "ｆｗ"],
    ["é", 1, "é"],
    ["a̐", 1, "a̐"],
    ["นี่", 1, "นี่"],
    ["नि", 2, "नि"],
    ["हिन्दी", 5, "हिन्दी"],
    ["မြန်မာ", 5, "မြန်မာ"],
    ["😀✅⭐", 6, "😀✅⭐"],
    ["👨‍👩‍👧‍👦", 2, "👨"],
    ["👍🏽", 2, "👍"],
    ["🇩🇪", 2, "DE"],
    ["❤️", 1, "❤"],
    ["1️⃣", 1, "1"],
    ["\u200d\u200b", 0, ""],
  ] as const) {
    test(`${JSON.stringify(text)} is drawn as ${shown || "nothing"}, in ${columns} columns`, () => {
      assert.equal(Array.from(graphemesOf(text), (grapheme) => grapheme.shown).join(""), shown);
      assert.equal(columnsOf(text), columns);
    });
  }

  test("what needs no segmenter is what the segmenter would have found", () => {
    for (let code = 0x20; code < 0xd7a4; code++) {
      const text = String.fromCharCode(code);
      for (const { shown, columns } of graphemesOf(text)) {
        assert.deepEqual({ shown, columns }, shownCluster(text), code.toString(16));
      }
      assert.equal(columnsOf(text), shownCluster(text).columns, code.toString(16));
    }
  });

  test("a letter with hundreds of marks keeps a few of them", () => {
    assert.ok(shownCluster(`a${"\u0310".repeat(500)}`).shown.length <= 8);
  });

  test("a cut text is never wider than it may be, and whole if it fits", () => {
    fc.assert(
      fc.property(anyText, fc.nat(20), (text, columns) => {
        const shown = cut(text, columns);
        assert.ok(columnsOf(shown) <= columns);
        if (columnsOf(text) <= columns && columns > 0) assert.equal(shown, text);
      }),
    );
  });

  test("a line breaks as often as it must, also behind what takes no column", () => {
    const text = "\u202e漢a";
    assert.deepEqual(
      wrap(text, 2).map(({ from, to }) => text.slice(from, to)),
      ["\u202e", "漢", "a"],
    );
  });

  test("wrapping loses nothing, and no line is wider than it may be, but for spaces at its end", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 20 }), (text, columns) => {
        const lines = wrap(text, columns);
        assert.equal(lines.map(({ from, to }) => text.slice(from, to)).join(""), text.replaceAll("\n", ""));
        for (const { from, to } of lines) assert.ok(columnsOf(text.slice(from, to).replace(/ +$/, "")) <= columns);
      }),
    );
  });
});

test("100,000 characters pasted at once are looked at in no more than linear time", () => {
  for (const unit of ["漢", "👨‍👩‍👧‍👦", "é", "a\u0310"]) {
    const text = unit.repeat(100_000 / unit.length);
    let at = 0;
    for (const grapheme of graphemesOf(text)) {
      assert.equal(grapheme.at, at);
      at += grapheme.text.length;
    }
    assert.equal(at, text.length);
  }
});
