import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Budget, Budgets } from "./budget.ts";

test("a budget gives its burst at once, and then a token whenever one has grown back", () => {
  const budget = new Budget({ burst: 3, perSecond: 10 }, 0);
  assert.deepEqual([budget.take(0), budget.take(0), budget.take(0)], [0, 0, 0]);
  assert.equal(budget.take(0), 100);
  assert.equal(budget.take(50), 50);
  assert.equal(budget.take(100), 0);
});

test("a budget gives no more than the burst and what has grown back since", () => {
  const gaps = fc.array(fc.nat(500), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 50 }), (waits, burst, perSecond) => {
      const budget = new Budget({ burst, perSecond }, 0);
      let now = 0;
      let taken = 0;
      for (const wait of waits) {
        now += wait;
        if (budget.take(now) === 0) taken++;
      }
      assert.ok(taken <= burst + (now * perSecond) / 1000 + 1e-6);
    }),
  );
});

test("however long nobody takes any, a budget has no more than its burst", () => {
  const budget = new Budget({ burst: 3, perSecond: 10 }, 0);
  const later = 3_600_000;
  assert.deepEqual([budget.take(later), budget.take(later), budget.take(later)], [0, 0, 0]);
  assert.equal(budget.take(later), 100);
  assert.equal(budget.availableIn(later, later), 3);
});

test("the time that a budget answers is long enough to wait", () => {
  const budget = new Budget({ burst: 1, perSecond: 3 }, 0);
  budget.take(0);
  const wait = budget.take(0);
  assert.ok(wait > 0);
  assert.equal(budget.take(wait), 0);
});

test("a token that is given back can be taken again", () => {
  const budget = new Budget({ burst: 1, perSecond: 0.001 }, 0);
  assert.equal(budget.take(0), 0);
  budget.refund();
  assert.equal(budget.take(0), 0);
  for (let round = 0; round < 3; round++) budget.refund();
  assert.equal(budget.take(0), 0);
  assert.ok(budget.take(0) > 0, "but there are never more than the burst");
});

test("budgets that are full again are forgotten, others are not", () => {
  const budgets = new Budgets<number>({ burst: 1, perSecond: 1 });
  for (let key = 0; key < 1023; key++) budgets.of(key, 0).take(0);
  budgets.of(5000, 500).take(500);
  budgets.of(6000, 1100);
  assert.ok(budgets.size < 10, `${budgets.size} are kept`);
  assert.ok(budgets.of(5000, 1100).take(1100) > 0, "the one that is not full is still empty");
});
