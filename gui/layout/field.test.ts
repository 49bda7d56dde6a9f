import assert from "node:assert/strict";
import { test } from "node:test";
import { editorOf } from "../model/editor.ts";
import { styled } from "../testing/styled.ts";
import { button, field } from "./field.ts";
import { textOfLine } from "./line.ts";

test("a field stands behind its label, with the cursor in it", () => {
  const { line, cursor } = field("Find", editorOf("fish"), 14);
  assert.equal(textOfLine(line), "Find  fish    ");
  assert.equal(cursor, 10);
  assert.deepEqual(styled(line), ["strong: Find", "text on field: fish"]);
  assert.ok(
    line.slice(2).every(({ ground }) => ground === "field"),
    "to its end",
  );
});

test("a field without the focus has a quiet label, and labels of one form take the same columns", () => {
  const { line, cursor } = field("Name", editorOf("bob"), 12, { labelColumns: 8, isFocused: false });
  assert.equal(textOfLine(line), "Name    bob ");
  assert.equal(cursor, 11);
  assert.equal(styled(line)[0], "dim: Name");
});

test("a field without room keeps two columns", () => {
  assert.equal(textOfLine(field("A long label", editorOf("text"), 10, { labelColumns: 9 }).line), "A long l…t ");
});

test("of a secret one dot a character is shown, and the cursor among them", () => {
  const secret = { text: "a😀c", cursor: 3 };
  const { line, cursor } = field("Password", secret, 20, { labelColumns: 10, isSecret: true });
  assert.equal(textOfLine(line).trimEnd(), "Password  •••");
  assert.equal(cursor, 12);
});

test("the button that has the focus stands out", () => {
  assert.deepEqual(button("Leave", true), [
    { text: "▸", style: "own" },
    { text: " Leave ", style: "strong", ground: "button" },
  ]);
  assert.deepEqual(button("Stay", false), [
    { text: " ", style: "own" },
    { text: " Stay ", style: "text", ground: "field" },
  ]);
});
