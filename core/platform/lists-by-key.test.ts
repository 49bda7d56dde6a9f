import assert from "node:assert/strict";
import { test } from "node:test";
import { pushTo } from "./lists-by-key.ts";

test("a key's first value begins its list, and later ones follow", () => {
  const lists = new Map<string, number[]>();
  for (const [key, value] of [
    ["a", 1],
    ["b", 2],
    ["a", 3],
  ] as const)
    pushTo(lists, key, value);
  assert.deepEqual(
    [...lists],
    [
      ["a", [1, 3]],
      ["b", [2]],
    ],
  );
});
