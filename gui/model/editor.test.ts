import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { edited, oneLine } from "./editing-keys.ts";
import {
  type Editor,
  type EditorErase,
  type EditorMove,
  editorOf,
  emptyEditor,
  erase,
  inFirstLine,
  inLastLine,
  insert,
  move,
  replaceBefore,
} from "./editor.ts";

/** A text with its cursor written as `|`. */
const at = (marked: string): Editor => ({ text: marked.replace("|", ""), cursor: marked.indexOf("|") });
const marked = ({ text, cursor }: Editor) => `${text.slice(0, cursor)}|${text.slice(cursor)}`;
const after = (text: string, by: EditorMove) => marked(move(at(text), by));
const without = (text: string, what: EditorErase) => marked(erase(at(text), what));

suite("the cursor", () => {
  test("goes by what people call a character", () => {
    assert.equal(after("ab|c", "left"), "a|bc");
    assert.equal(after("ab|c", "right"), "abc|");
    assert.equal(after("a👨‍👩‍👧‍👦|b", "left"), "a|👨‍👩‍👧‍👦b");
    assert.equal(after("a|👨‍👩‍👧‍👦b", "right"), "a👨‍👩‍👧‍👦|b");
    assert.equal(after("|ab", "left"), "|ab");
    assert.equal(after("ab|", "right"), "ab|");
  });

  test("goes through a long text as through a short one", () => {
    const long = "é".repeat(100);
    assert.equal(after(`${long}|`, "left"), `${"é".repeat(99)}|é`);
    assert.equal(after(`|${long}`, "right"), `é|${"é".repeat(99)}`);
  });

  test("goes by words of any script, with their digits", () => {
    assert.equal(after("one, two3|", "wordLeft"), "one, |two3");
    assert.equal(after("one, |two", "wordLeft"), "|one, two");
    assert.equal(after("one|, été_1 x", "wordRight"), "one, été_1| x");
    assert.equal(after("|  one two", "wordRight"), "  one| two");
    assert.equal(after("|one", "wordLeft"), "|one");
    assert.equal(after("one|", "wordRight"), "one|");
    assert.equal(after("one|!", "wordRight"), "one!|");
  });

  test("goes to the beginning and the end of its line", () => {
    assert.equal(after("one\ntw|o\nthree", "lineStart"), "one\n|two\nthree");
    assert.equal(after("one\ntw|o\nthree", "lineEnd"), "one\ntwo|\nthree");
    assert.equal(after("o|ne\ntwo", "lineStart"), "|one\ntwo");
    assert.equal(after("one\nt|wo", "lineEnd"), "one\ntwo|");
    assert.equal(after("one\n|two", "lineStart"), "one\n|two");
    assert.equal(after("one|\ntwo", "lineEnd"), "one|\ntwo");
    assert.equal(after("|\nab", "lineStart"), "|\nab");
    assert.equal(after("|\nab", "lineEnd"), "|\nab");
  });

  test("goes up and down as far into the line as it was, or to its end", () => {
    assert.equal(after("one\ntw|o", "up"), "on|e\ntwo");
    assert.equal(after("on|e\ntwo", "down"), "one\ntw|o");
    assert.equal(after("a\nlonger|", "up"), "a|\nlonger");
    assert.equal(after("longer|\nb", "down"), "longer\nb|");
    assert.equal(after("longer|\na\nb", "down"), "longer\na|\nb");
    assert.equal(after("one\n|two", "up"), "|one\ntwo");
    assert.equal(after("|one\ntwo", "down"), "one\n|two");
    assert.equal(after("1\n22\n33|", "up"), "1\n22|\n33");
    assert.equal(after("1\n\n3|", "up"), "1\n|\n3");
    assert.equal(after("1|\n", "down"), "1\n|");
    assert.equal(after("long one\n2|2\nthird", "down"), "long one\n22\nt|hird");
  });

  test("stays where there is no line above or below", () => {
    assert.equal(after("on|e\ntwo", "up"), "on|e\ntwo");
    assert.equal(after("one\ntw|o", "down"), "one\ntw|o");
    assert.equal(after("|", "up"), "|");
  });

  test("never comes to stand within a character of the other line", () => {
    assert.equal(after("👍x\nab|", "up"), "👍|x\nab");
    assert.equal(after("👍x\na|b", "up"), "|👍x\nab");
    assert.equal(after("👨‍👩‍👧‍👦x\nabc|", "up"), "|👨‍👩‍👧‍👦x\nabc");
  });
});

suite("erasing", () => {
  test("takes what is between the cursor and where it would go", () => {
    assert.equal(without("a👍|b", "left"), "a|b");
    assert.equal(without("a|👍b", "right"), "a|b");
    assert.equal(without("one two|!", "wordLeft"), "one |!");
    assert.equal(without("one\ntwo|!", "toLineStart"), "one\n|!");
    assert.equal(without("one\nt|wo\nthree", "toLineEnd"), "one\nt|\nthree");
  });

  test("takes nothing at the edge of the text", () => {
    assert.equal(without("|ab", "left"), "|ab");
    assert.equal(without("ab|", "right"), "ab|");
    assert.equal(without("|ab", "toLineStart"), "|ab");
  });
});

test("a text is put where the cursor is, and the cursor behind it", () => {
  assert.equal(marked(insert(at("a|b"), "xy")), "axy|b");
  assert.equal(marked(replaceBefore(at("hi bo|!"), 3, "bob ")), "hi bob |!");
  assert.equal(marked(editorOf("ab")), "ab|");
  assert.deepEqual(emptyEditor, { text: "", cursor: 0 });
});

test("the keys up and down leave the text in its first and its last line alone", () => {
  for (const [text, isFirst, isLast] of [
    ["o|ne", true, true],
    ["one|\ntwo", true, false],
    ["|one\ntwo", true, false],
    ["one\n|two", false, true],
    ["one\n|\ntwo", false, false],
    ["|\none", true, false],
    ["\n|one", false, true],
  ] as const)
    assert.deepEqual([inFirstLine(at(text)), inLastLine(at(text))], [isFirst, isLast], text);
});

test("editing keys move and erase, and other keys edit nothing", () => {
  const by = (action: Parameters<typeof edited>[1]) => {
    const changed = edited(at("one two| three\nx"), action);
    return changed && marked(changed);
  };
  assert.equal(by("left"), "one tw|o three\nx");
  assert.equal(by("right"), "one two |three\nx");
  assert.equal(by("wordLeft"), "one |two three\nx");
  assert.equal(by("wordRight"), "one two three|\nx");
  assert.equal(by("lineStart"), "|one two three\nx");
  assert.equal(by("lineEnd"), "one two three|\nx");
  assert.equal(by("eraseLeft"), "one tw| three\nx");
  assert.equal(by("eraseRight"), "one two|three\nx");
  assert.equal(by("eraseWord"), "one | three\nx");
  assert.equal(by("eraseToStart"), "| three\nx");
  assert.equal(by("send"), undefined);
  assert.equal(by(undefined), undefined);
});

test("a paste fits a field of one line: breaks and tabs are spaces, and other control characters go", () => {
  assert.equal(oneLine("a\r\n\tb\nc\u001b[0md\u0007"), "a b c[0md");
});
