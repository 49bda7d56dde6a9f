import assert from "node:assert/strict";
import { test } from "node:test";
import { keysOf } from "./keys-of.ts";

test("the names in a table come in the order in which they are written", () => {
  assert.deepEqual(keysOf({ pear: 1, apple: 2 }), ["pear", "apple"]);
});
