import assert from "node:assert/strict";
import { test } from "node:test";
import { itemAt } from "./item-at.ts";

test("an item that is not in a list is an error with its index and the list's length", () => {
  assert.equal(itemAt(["a", "b"], 1), "b");
  for (const index of [2, -1]) {
    assert.throws(() => itemAt(["a", "b"], index), {
      name: "RangeError",
      message: `there is no item ${index} in a list of 2`,
    });
  }
});
