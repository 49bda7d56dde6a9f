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
  assert.equal(harmless("\0\x1f\x7f\x80"), "␀␟␡‹U+0080›");
  // With all that hangs on it.
  assert.equal(harmless("\n\u200d\u0301"), "\n‹U+200D›‹U+0301›");
  assert.equal(harmless("a\u1161\u11a8"), "a‹U+1161›‹U+11A8›");
  assert.equal(harmless("a\u200db\u200cc"), "a‹U+200D›b‹U+200C›c");
  for (const [hidden, shown] of [
    ["\u202e", "‹U+202E›"],
    ["\u2060", "‹U+2060›"],
    ["\u034f", "‹U+034F›"],
    ["\u2065", "‹U+2065›"],
  ] as const) {
    assert.equal(harmless(`م${hidden}م`), `م${shown}م`, shown);
  }
});

test("a mark stands on the sign before it or on a circle, and there are four on a letter at most", () => {
  assert.equal(harmless("\x01\u0302"), "␁\u0302");
  assert.equal(harmless("❤\u0316"), "❤\u0316");
  assert.equal(harmless(`e\u0301${"\u0316".repeat(5)}`), `é${"\u0316".repeat(4)}`);
  const [three, four] = ["\u0316".repeat(3), "\u0317".repeat(4)];
  assert.equal(harmless(`x${three}y${four}z${three}`), `x${three}y${four}z${three}`);
  assert.equal(harmless("\n\u0302"), "\n◌\u0302");
  assert.equal(harmless("\x01" + "\u0316".repeat(5)), `␁${"\u0316".repeat(4)}`);
  assert.equal(harmless(`x${"\u0316".repeat(255)}\u0317`), `x${"\u0316".repeat(4)}`);
});

test("what only dresses a character is left out behind one, and shown where it is alone", () => {
  assert.equal(harmless("e\ufe0f\u0301"), "é");
  assert.equal(harmless("🏽"), "🏽");
  assert.equal(harmless("\u20e3"), "◌");
  assert.equal(harmless("\ufe0f"), "‹U+FE0F›");
});

test("text of every living script stays as it is", () => {
  const texts = "नमस्ते กำลังที่ مَرْحَبًا שָׁלוֹם བོད་ཡིག ភាសាខ្មែរ မြန်မာ 한국어 日本語 Zürich x̂ 🎉 🇩🇪 𠀀 ±§ →".normalize("NFC");
  assert.equal(harmless(texts), texts);
  assert.equal(harmless("می\u200cخواهم"), "میخواهم");
  assert.equal(harmless("क्\u200dष"), "क्ष");
  // Old Korean, whose syllables have no characters of their own.
  assert.equal(harmless("\u1140\u1161"), "\u1140\u1161");
  // The mark is of no script.
  assert.equal(harmless("م\u064e\u200cم"), "م\u064eم");
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
  assert.equal(harmless("a\r\rb\n\nc\u2029d"), "a\n\nb\n\nc\nd");
  assert.equal(plainLine("a\r\nb\nc\vd\fe\u0085f\u2028g\u2029h\ri"), "a ⏎ b ⏎ c ⏎ d ⏎ e ⏎ f ⏎ g ⏎ h ⏎ i");
});

test("a line keeps what joins the parts of a picture or a word, and nothing else that has no width", () => {
  assert.equal(plainLine("👩‍💻 می‌خواهم\ta\u200bb\u2066c"), "👩‍💻 می‌خواهم a\ufffdb\ufffdc");
  assert.equal(plainLine("\x1b[2J\x7f\ud800"), "\ufffd[2J\ufffd\ufffd");
  assert.equal(jsonLine("\u2028\u{e0041}\u0085é👩‍💻"), '"\\u2028\\udb40\\udc41\\u0085é👩‍💻"');
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
  assert.equal(briefLine("ten of 10.", 10), "ten of 10.");
  assert.equal(briefLine("ten of 10..", 10), "ten of 10…");
  assert.equal(briefLine("🎉".repeat(10), 10), "🎉".repeat(10));
  assert.equal(briefLine("\x1b]0;\u202etitle\x07 \n", 10), "]0;title");
});
