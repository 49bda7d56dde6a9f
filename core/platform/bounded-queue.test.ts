import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BoundedQueue } from "./bounded-queue.ts";

test("first in is first out, and a full queue refuses an item without losing another", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(fc.boolean(), { maxLength: 300 }), (capacity, pushes) => {
      const queue = new BoundedQueue<number>(capacity);
      const expected: number[] = [];
      for (const [i, isPush] of pushes.entries()) {
        if (isPush) {
          const taken = queue.push(i);
          assert.equal(taken, expected.length < capacity);
          if (taken) expected.push(i);
        } else assert.equal(queue.shift(), expected.shift());
        assert.equal(queue.length, expected.length);
      }
    }),
  );
});

test("a capacity that is not a positive whole number is refused", () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) assert.throws(() => new BoundedQueue(capacity), /capacity/);
});
