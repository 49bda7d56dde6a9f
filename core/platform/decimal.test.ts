import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalNumber, wholeNumber } from "./decimal.ts";

const noNumbers = [
  "",
  " ",
  "5 ",
  " 5",
  "+5",
  "-5",
  "05",
  "00",
  "0x10",
  "1e3",
  "5.",
  ".5",
  "1_000",
  "٥",
  "NaN",
  "Infinity",
];

test("only a text of decimal digits is a whole number, and only up to the largest exact one", () => {
  for (const text of ["0", "5", "10", "4096", "9007199254740991"]) assert.equal(String(wholeNumber(text)), text);
  for (const text of [...noNumbers, "5.0", "9007199254740992", "9999999999999999", "1".repeat(400)])
    assert.equal(wholeNumber(text), undefined, text);
  assert.equal(wholeNumber(null), undefined);
  assert.equal(wholeNumber(undefined), undefined);
});

test("a decimal number may have digits behind a point, and no other form", () => {
  for (const [text, number] of [
    ["0", 0],
    ["0.25", 0.25],
    ["10.50", 10.5],
    ["1000000", 1e6],
  ] as const)
    assert.equal(decimalNumber(text), number);
  for (const text of [...noNumbers, "1.5.5", "1.5e3", "1,5"]) assert.equal(decimalNumber(text), undefined, text);
});
