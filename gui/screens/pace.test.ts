import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { Pace } from "./pace.ts";

test("the first draw is at once, and a thousand within a period are one more", async () => {
  const clock = new FakeClock();
  const drawnAt: number[] = [];
  const begun = clock.monotonic();
  const pace = new Pace(clock, 16, () => drawnAt.push(clock.monotonic() - begun));
  for (let asked = 0; asked < 1000; asked++) pace.ask();
  assert.deepEqual(drawnAt, [0]);
  await clock.advance(15);
  assert.deepEqual(drawnAt, [0]);
  await clock.advance(100);
  assert.deepEqual(drawnAt, [0, 16]);
  pace.ask();
  assert.deepEqual(drawnAt, [0, 16, 115]);
  assert.equal(clock.waiting, 0);
});
