import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/platform/random.ts";
import { spreadOf } from "./spread.ts";

test("one round has no spread, and rounds that agree have none either", () => {
  assert.deepEqual(spreadOf([3]), { median: 3, low: 3, high: 3 });
  assert.deepEqual(spreadOf([2, 2, 2, 2]), { median: 2, low: 2, high: 2 });
  const none = spreadOf([]);
  assert.ok([none.median, none.low, none.high].every(Number.isNaN));
});

test("a few rounds spread from the smallest to the largest, whatever their order", () => {
  assert.deepEqual(spreadOf([5, 1, 4, 2, 3]), { median: 3, low: 1, high: 5 });
});

test("one outlier among many rounds moves neither the median nor its interval far", () => {
  const { median, low, high } = spreadOf([10, 11, 9, 10, 12, 10, 11, 9, 10, 500]);
  assert.equal(median, 10);
  assert.ok(low >= 9 && high <= 12, `${low} to ${high}`);
});

test("the interval holds the true median about 95 times in a hundred", () => {
  const random = seededRandom(7);
  let held = 0;
  for (let run = 0; run < 200; run++) {
    const { low, high } = spreadOf(Array.from({ length: 15 }, () => random.exponential(1)));
    if (low <= Math.LN2 && Math.LN2 <= high) held++;
  }
  assert.ok(held > 175 && held < 200, `${held} of 200`);
});
