import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { columnsOfLine, cutLine, filled, type Line, rule, span, spread, textOfLine } from "./line.ts";

const picture = "\u001b[38;5;1m▀\u001b[38;5;12m▄\u001b[0m";
const line: Line = [span("abc", "strong"), span("漢字"), span("end", "dim")];

suite("a line", () => {
  test("is as wide as its parts, and colours of a picture take no columns", () => {
    assert.equal(columnsOfLine(line), 10);
    assert.equal(columnsOfLine([span(picture, "picture"), span("ab")]), 4);
    assert.equal(columnsOfLine([]), 0);
    assert.equal(columnsOfLine([span("\u001b[1mab")]), 5, "in any other text they are characters");
  });

  test("that fits is not cut, and else ends in an ellipsis", () => {
    assert.deepEqual(cutLine(line, 10), line);
    assert.deepEqual(cutLine(line, 9), [...line.slice(0, 2), span("e…", "dim")]);
    assert.deepEqual(cutLine(line, 7), line.slice(0, 2));
    assert.deepEqual(cutLine(line, 3), line.slice(0, 1));
    assert.deepEqual(cutLine(line, 0), []);
  });

  test("of a picture is left out where it does not fit: its colours would never end", () => {
    assert.deepEqual(cutLine([span("ab"), span(picture, "picture"), span("c")], 3), [span("ab")]);
    assert.deepEqual(cutLine([span("ab"), span(picture, "picture"), span("c")], 4), [
      span("ab"),
      span(picture, "picture"),
    ]);
  });

  test("is filled or cut to a width, on the ground of all its parts that have none", () => {
    assert.deepEqual(filled([span("ab")], 4), [span("ab"), span("  ")]);
    assert.deepEqual(filled([span("ab")], 2), [span("ab")]);
    assert.equal(textOfLine(filled([span("abcd")], 3)), "ab…");
    assert.deepEqual(filled([span("a", "key"), span("b", "text", "field")], 3, "bar"), [
      { text: "a", style: "key", ground: "bar" },
      { text: "b", style: "text", ground: "field" },
      { text: " ", style: "text", ground: "bar" },
    ]);
  });

  test("has one part at each side, or only the left one where there is no space between them", () => {
    const between = (columns: number) => textOfLine(spread([span("left")], [span("right")], columns));
    assert.equal(between(12), "left   right");
    assert.equal(between(10), "left right");
    assert.equal(between(9), "left     ");
    assert.equal(between(3), "le…");
  });

  test("that is a rule has its text in the middle, cut where it is too long", () => {
    const ruled = (text: string, columns: number) => textOfLine(rule(text, columns, "heading"));
    assert.equal(ruled("today", 13), "─── today ───");
    assert.equal(ruled("today", 12), "── today ───");
    assert.equal(ruled("yesterday", 10), "─ yeste… ─");
    assert.deepEqual(
      rule("new", 9, "unread").map(({ text, style }) => [text, style]),
      [
        ["──", "border"],
        [" new ", "unread"],
        ["──", "border"],
      ],
    );
    assert.deepEqual(
      [3, 1].map((columns) => columnsOfLine(rule("today", columns, "heading"))),
      [3, 1],
    );
  });
});
