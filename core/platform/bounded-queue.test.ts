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
    { examples: [[1, [true, true, false, false]]] },
  );
});

test("a queue that outgrows its first room while it is read keeps its order, up to its capacity", () => {
  const queue = new BoundedQueue<number>(50);
  for (let i = 0; i < 10; i++) queue.push(i);
  for (let i = 0; i < 10; i++) assert.equal(queue.shift(), i);
  const items = Array.from({ length: 50 }, (_, i) => i);
  for (const item of items) assert.equal(queue.push(item), true);
  assert.equal(queue.push(50), false);
  assert.deepEqual(
    items.map(() => queue.shift()),
    items,
  );
  assert.equal(queue.shift(), undefined);
});

test("a capacity that is not a positive whole number is refused", () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) assert.throws(() => new BoundedQueue(capacity), /capacity/);
});
