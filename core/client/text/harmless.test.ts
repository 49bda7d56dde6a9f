import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../testing/property-runs.ts";
import { briefLine, harmless, harmlessLine, jsonLine, plainLine } from "./harmless.ts";

const anything = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30, size: "max" }),
  fc.string({ unit: "grapheme", maxLength: 30, size: "max" }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((units) => String.fromCharCode(...units)),
);

test("whatever somebody sends, no control, format or private character is left but the line break", () => {
  const forbidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
  fc.assert(
    fc.property(anything, (text) => {
      assert.doesNotMatch(harmless(text).replaceAll("\n", ""), forbidden);
      assert.doesNotMatch(harmlessLine(text), forbidden);
      assert.equal(harmless(harmless(text)), harmless(text));
    }),
    propertyRuns(2000),
  );
});

test("what steers the terminal or hides is shown", () => {
  assert.equal(harmless("\x1b]0;title\x07\x9b2J\x7f"), "␛]0;title␇‹U+009B›2J␡");
  assert.equal(harmless("user\u202etxt.exe"), "user‹U+202E›txt.exe");
  assert.equal(harmless("a\u200bb\u2060c\ufeffd\u00ade"), "a‹U+200B›b‹U+2060›c‹U+FEFF›d‹U+00AD›e");
  assert.equal(harmless("\u3164"), "‹U+3164›");
  assert.equal(harmless("a\u1161"), "a‹U+1161›");
  assert.equal(harmless("\ud83d!\ue000"), "\ufffd!\ufffd");
});

test("text of every living script stays as it is", () => {
  const texts = "नमस्ते กำลังที่ مَرْحَبًا שָׁלוֹם བོད་ཡིག ភាសាខ្មែរ မြန်မာ 한국어 日本語 Zürich x̂ 🎉 🇩🇪 𠀀 ±§ →".normalize("NFC");
  assert.equal(harmless(texts), texts);
  assert.equal(harmless("می\u200cخواهم"), "میخواهم");
  assert.equal(harmless("क्\u200dष"), "क्ष");
});

test("characters that terminals draw in different widths are replaced by plainer ones", () => {
  assert.equal(harmless("👨‍👩‍👧‍👦 👩🏽‍💻 👍🏽 ❤️ ☎︎ 1️⃣ 🏴󠁧󠁢󠁳󠁣󠁴󠁿 ❤️‍🔥"), "👨 👩 👍 ❤ ☎ 1 🏴 ❤");
  assert.equal(harmless("e\u0301"), "é");
  assert.equal(harmless(`x${"\u0316".repeat(1000)}`), `x${"\u0316".repeat(4)}`);
  assert.equal(harmless("\u0302a"), "◌̂a");
});

test("line breaks of every kind are line breaks, and signs where there is one line", () => {
  assert.equal(harmless("a\r\nb\rc\u2028d\u0085e\tf"), "a\nb\nc\nd\ne    f");
  assert.equal(harmlessLine("a\r\nb\tc"), "a␤b c");
});

test("a line keeps what joins the parts of a picture or a word, and nothing else that has no width", () => {
  assert.equal(plainLine("👩‍💻 می‌خواهم\ta\u200bb\u2066c"), "👩‍💻 می‌خواهم a\ufffdb\ufffdc");
  const value = { "\u001b": "\u2028 \u{e0041} \ud800 é" };
  assert.deepEqual(JSON.parse(jsonLine(value)), value);
});

test("whatever somebody sends, a notification is one short line of no control characters", () => {
  fc.assert(
    fc.property(anything, (text) => {
      const line = briefLine(text, 10);
      assert.doesNotMatch(line, /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
      assert.ok(Array.from(line).length <= 10);
    }),
  );
  assert.equal(briefLine("  two \n lines and more", 10), "two lines…");
});
