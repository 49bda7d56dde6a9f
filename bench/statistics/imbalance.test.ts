import assert from "node:assert/strict";
import { test } from "node:test";
import { imbalanceOf } from "./imbalance.ts";

const rounded = (parts: readonly number[]) =>
  Object.fromEntries(
    Object.entries(imbalanceOf(parts)).map(([name, value]) => [name, Math.round(value * 1000) / 1000]),
  );

test("what is even has no imbalance, whatever its size, and so has nothing at all", () => {
  for (const parts of [[5, 5, 5], [1], [1e9, 1e9], [0, 0], []]) {
    assert.deepEqual(rounded(parts), { maxOverMean: 1, cv: 0, jain: 1 }, parts.join());
  }
});

test("imbalance is the fullest over the mean, the coefficient of variation, and Jain's index", () => {
  // Mean 50, standard deviation 10.
  assert.deepEqual(rounded([40, 60]), { maxOverMean: 1.2, cv: 0.2, jain: 0.962 });
  // All with one of four: Jain's index is one over their number.
  assert.deepEqual(rounded([100, 0, 0, 0]), { maxOverMean: 4, cv: 1.732, jain: 0.25 });
});
