import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isWrittenBefore, microsSince, sentSlots, slotOf, stamp } from "./message-stamp.ts";

const halves = (id: bigint) => [Number(id >> 32n), Number(id & 0xffff_ffffn)] as const;

test("a stamp states when a message was due and which thread sent it, over every turn of its clock", () => {
  const time = fc.integer({ min: 0, max: 2 ** 52 });
  fc.assert(
    fc.property(
      time,
      fc.integer({ min: 0, max: 100_000_000 }),
      fc.integer({ min: 0, max: 15 }),
      fc.integer({ min: 0, max: sentSlots - 1 }),
      (due, later, thread, slot) => {
        const [high, low] = halves(stamp(due, thread, slot));
        assert.equal(microsSince(high, low, due + later), later);
        assert.equal(microsSince(high, low, due - 5), -5);
        assert.deepEqual(slotOf(low), { thread, slot });
      },
    ),
  );
});

test("two stamps of a thread show which message was written first, over every turn of clock and counter", () => {
  const times = fc.tuple(fc.integer({ min: 0, max: 2 ** 52 }), fc.integer({ min: 0, max: 100_000_000 }));
  const slots = fc.tuple(fc.integer({ min: 0, max: sentSlots - 1 }), fc.integer({ min: 1, max: sentSlots / 2 - 1 }));
  fc.assert(
    fc.property(times, slots, ([due, later], [slot, more]) => {
      const first = halves(stamp(due, 3, slot));
      const second = halves(stamp(due + later, 3, (slot + more) % sentSlots));
      assert.equal(isWrittenBefore(first, second), true);
      assert.equal(isWrittenBefore(second, first), false);
      assert.equal(isWrittenBefore(first, first), false);
    }),
  );
});

test("where the times of two stamps differ, they decide, however far the counter has turned meanwhile", () => {
  const slot = fc.integer({ min: 0, max: sentSlots - 1 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 52 }),
      fc.integer({ min: 1, max: 2 ** 40 }),
      slot,
      slot,
      (due, later, a, b) => {
        const first = halves(stamp(due, 3, a));
        const second = halves(stamp(due + later, 3, b));
        assert.deepEqual([isWrittenBefore(first, second), isWrittenBefore(second, first)], [true, false]);
      },
    ),
  );
});
