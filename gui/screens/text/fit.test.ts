import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cut, pad, wrap } from "./fit.ts";
import { harmless, harmlessLine } from "./harmless.ts";
import { columns } from "./width.ts";

/** Text as people and machines send it: words, scripts, emoji, marks, controls. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        " ",
        "  ",
        "\n",
        "word",
        "longer-word",
        "日本語。",
        "한국",
        "👨‍👩‍👧‍👦",
        "🇩🇪",
        "👍🏽",
        "é",
        "नि",
        "❤️",
        "\u200d",
        "\x1b[2J",
      ),
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));
const anyLine = anyText.map(harmlessLine);
const someColumns = fc.integer({ min: 0, max: 30 });

test("a cut line never takes more columns than it may, and is whole if it fits", () => {
  fc.assert(
    fc.property(anyLine, someColumns, (line, max) => {
      const kept = cut(line, max);
      assert.ok(columns(kept) <= max, `${columns(kept)} columns`);
      if (columns(line) <= max) assert.equal(kept, line);
      else assert.ok(line.startsWith(kept.replace(/…$/, "")));
    }),
  );
});

test("a cut goes between characters as a reader sees them", () => {
  assert.equal(cut("日本語", 5), "日本…");
  assert.equal(cut("日本語", 4), "日…");
  assert.equal(cut("ab🇩🇪cd", 4), "ab…");
  assert.equal(cut("नमस्ते", 3, ""), "नम");
  assert.equal(cut("abc", 0), "");
});

test("a padded line takes exactly its columns", () => {
  fc.assert(
    fc.property(anyLine, someColumns, fc.constantFrom("left" as const, "right" as const), (line, width, side) => {
      assert.equal(columns(pad(line, width, side)), width);
    }),
  );
  assert.equal(pad("日", 4, "right"), "  日");
});

test("wrapped lines fit, and lose nothing but the spaces at which they break", () => {
  fc.assert(
    fc.property(anyText.map(harmless), fc.integer({ min: 2, max: 30 }), (text, max) => {
      const lines = wrap(text, max);
      for (const line of lines) assert.ok(columns(line) <= max, `${columns(line)} columns: ${line}`);
      const bare = (of: string) => of.replace(/[ \u2000-\u200a\u3000\n]/g, "");
      assert.equal(bare(lines.join("")), bare(text));
    }),
  );
});

test("lines break at spaces, words too long anywhere, Chinese between its signs but before what closes", () => {
  assert.deepEqual(wrap("the quick brown fox", 10), ["the quick", "brown fox"]);
  assert.deepEqual(wrap("a longwordthatisbroken b", 8), ["a", "longword", "thatisbr", "oken b"]);
  assert.deepEqual(wrap("日本語です。", 10), ["日本語で", "す。"]);
  assert.deepEqual(wrap("one\n\n two  three", 20), ["one", "", " two  three"]);
  assert.deepEqual(wrap("", 20), [""]);
});
