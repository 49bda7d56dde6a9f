import assert from "node:assert/strict";
import { test } from "node:test";
import { median } from "./median.ts";

test("the median of an odd number of values is the middle one, of an even number the mean of the two in the middle", () => {
  assert.equal(median([9]), 9);
  assert.equal(median([10, 9, 1]), 9);
  assert.equal(median([1, 100]), 50.5);
  assert.equal(median([4, 1, 100, 3]), 3.5);
});

test("there is no median of nothing", () => {
  assert.ok(Number.isNaN(median([])));
});
