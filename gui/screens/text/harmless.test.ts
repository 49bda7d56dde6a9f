import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Cells } from "./cells.ts";
import { harmless, harmlessLine } from "./harmless.ts";
import { columns } from "./width.ts";

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
    { numRuns: 2000 },
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

test("what terminals draw in different widths is drawn plainer", () => {
  assert.equal(harmless("👨‍👩‍👧‍👦 👩🏽‍💻 👍🏽 ❤️ ☎︎ 1️⃣ 🏴󠁧󠁢󠁳󠁣󠁴󠁿 ❤️‍🔥"), "👨 👩 👍 ❤ ☎ 1 🏴 ❤");
  assert.equal(harmless("e\u0301"), "é");
  assert.equal(harmless(`x${"\u0316".repeat(1000)}`), `x${"\u0316".repeat(4)}`);
  assert.equal(harmless("\u0302a"), "◌̂a");
});

test("line breaks of every kind are line breaks, and signs where there is one line", () => {
  assert.equal(harmless("a\r\nb\rc\u2028d\u0085e\tf"), "a\nb\nc\nd\ne    f");
  assert.equal(harmlessLine("a\r\nb\tc"), "a␤b c");
});

test("nothing that is drawn is a tag, an escape or a character that blessed would strip", () => {
  fc.assert(
    fc.property(anything, (text) => {
      const cells = new Cells();
      const encoded = cells.encode(harmless(text));
      assert.doesNotMatch(encoded, /[{}\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]/);
      assert.equal(cells.decode(encoded), harmless(text));
    }),
    { numRuns: 1000 },
  );
});

test("characters in their cells are as many as the columns that are counted", () => {
  const cells = new Cells();
  const wide =
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\u2329\u232a\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\uec00-\uf8ff]/g;
  fc.assert(
    fc.property(anything.map(harmlessLine), (line) => {
      const encoded = cells.encode(line);
      assert.equal(encoded.length + (encoded.match(wide)?.length ?? 0), columns(line), JSON.stringify(line));
    }),
    { numRuns: 1000 },
  );
});

test("behind a character that terminals draw differently the cursor is put where it is counted to be", () => {
  const cells = new Cells();
  const flag = cells.encode("🇩🇪");
  assert.equal(cells.decode(`\x1b[3;5Hab${flag}c`), "\x1b[3;5Hab\x1b[2X🇩🇪\x1b[9Gc");
  assert.equal(cells.decode(`\x1b[3;5H\x1b[2C日${flag}`), "\x1b[3;5H\x1b[2C日\x1b[2X🇩🇪\x1b[11G");
  assert.equal(cells.decode(`\x1b8${flag}`), "\x1b8🇩🇪");
  assert.equal(cells.decode("plain"), "plain");
});

test("a cell with colours of its own keeps them past blessed, which knows 256", () => {
  const cells = new Cells();
  const style = "\x1b[38;2;1;2;3m";
  assert.equal(cells.decode(`\x1b[1;1H${cells.styled("▀", style)}`), `\x1b[1;1H\x1b[1X${style}▀\x1b[39;49m\x1b[2G`);
});

test("braces are drawn and are no tags", () => {
  const cells = new Cells();
  assert.doesNotMatch(cells.encode("{bold}a{/bold}{open}"), /[{}]/);
  assert.equal(cells.decode(cells.encode("{bold}a")), "{bold}a");
});

test("with more characters than there are deputies those asked for lately stay right", () => {
  const cells = new Cells();
  const stacked = (n: number) =>
    `q${String.fromCodePoint(0x300 + (n % 64))}${String.fromCodePoint(0x300 + Math.floor(n / 64))}`;
  const kept = cells.encode(stacked(0));
  const others = Array.from({ length: 4000 }, (_, n) => stacked(n + 1));
  for (const text of others) {
    cells.encode(text);
    assert.equal(cells.encode(stacked(0)), kept);
  }
  const last = others.slice(-3000);
  assert.deepEqual(
    last.map((text) => cells.decode(cells.encode(text))),
    last,
  );
  assert.equal(new Set(last.map((text) => cells.encode(text))).size, last.length);
});
