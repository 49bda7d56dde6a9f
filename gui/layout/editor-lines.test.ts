import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { editorOf } from "../model/editor.ts";
import { editorLines, fieldLine } from "./editor-lines.ts";

suite("a draft", () => {
  test("is broken into lines that leave a column for the cursor", () => {
    assert.deepEqual(editorLines(editorOf("one two"), 8), { lines: ["one two"], cursor: { row: 0, column: 7 } });
    assert.deepEqual(editorLines(editorOf("one two"), 7), { lines: ["one ", "two"], cursor: { row: 1, column: 3 } });
    assert.deepEqual(editorLines(editorOf("a\n"), 8), { lines: ["a", ""], cursor: { row: 1, column: 0 } });
  });

  test("shows the cursor where it is, also between wide characters", () => {
    const cursorOf = (text: string, cursor: number) => editorLines({ text, cursor }, 10).cursor;
    assert.deepEqual(cursorOf("漢字x", 2), { row: 0, column: 4 });
    assert.deepEqual(cursorOf("ab\ncd", 0), { row: 0, column: 0 });
    assert.deepEqual(cursorOf("ab\ncd", 2), { row: 0, column: 2 });
    assert.deepEqual(cursorOf("ab\ncd", 3), { row: 1, column: 0 });
  });

  test("that ends in more spaces than fit keeps the cursor within its columns", () => {
    assert.deepEqual(editorLines(editorOf("abc      "), 6), { lines: ["abc   "], cursor: { row: 0, column: 5 } });
  });

  test("is broken anew for another width", () => {
    const editor = editorOf("one two");
    assert.equal(editorLines(editor, 7).lines.length, 2);
    assert.equal(editorLines(editor, 20).lines.length, 1);
    assert.equal(editorLines(editor, 20), editorLines(editor, 20), "and only once for one width");
  });

  test("shows control characters as signs, and the cursor behind them", () => {
    assert.deepEqual(editorLines(editorOf("a\u001bb"), 9), { lines: ["a␛b"], cursor: { row: 0, column: 3 } });
  });
});

suite("a field of one line", () => {
  test("shows its text whole while there is room for the cursor behind it", () => {
    assert.deepEqual(fieldLine(editorOf("abcd"), 5), { text: "abcd", cursor: 4 });
    assert.deepEqual(fieldLine({ text: "abcd", cursor: 1 }, 5), { text: "abcd", cursor: 1 });
  });

  test("of a longer text shows the part before the cursor, and what fits behind it", () => {
    assert.deepEqual(fieldLine(editorOf("abcdefgh"), 5), { text: "efgh", cursor: 4 });
    assert.deepEqual(fieldLine({ text: "abcdefgh", cursor: 6 }, 5), { text: "cdefg", cursor: 4 });
    assert.deepEqual(fieldLine({ text: "abcdefgh", cursor: 0 }, 5), { text: "abcde", cursor: 0 });
    assert.deepEqual(fieldLine(editorOf("漢字漢字"), 6), { text: "漢字", cursor: 4 });
  });

  test("shows line feeds and control characters as signs", () => {
    assert.deepEqual(fieldLine({ text: "a\n\u001bb", cursor: 2 }, 9), { text: "a␤␛b", cursor: 2 });
  });
});
