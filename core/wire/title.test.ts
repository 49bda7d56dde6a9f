import assert from "node:assert/strict";
import { test } from "node:test";
import { titleFault } from "./title.ts";

test("a title is one line of 1 to 200 UTF-16 units with something to see in it", () => {
  for (const [title, fault] of [
    ["a", undefined],
    [" Wände & Seile ⛰️ ", undefined],
    ["x".repeat(200), undefined],
    ["x".repeat(201), "title_too_long"],
    ["⛰".repeat(200), undefined],
    ["🧗".repeat(101), "title_too_long"],
    ["", "title_invalid"],
    [" \u00a0\u3000", "title_invalid"],
    ["a\nb", "title_invalid"],
    ["a\u2028b", "title_invalid"],
    ["a\u2029b", "title_invalid"],
    ["a\u0007b", "title_invalid"],
    ["a\u0085b", "title_invalid"],
  ] as const)
    assert.equal(titleFault(title), fault, JSON.stringify(title));
});
