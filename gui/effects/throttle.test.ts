import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { Throttle } from "./throttle.ts";

test("work that is asked for all the time is done ten times a second, and once after the last time", async () => {
  const clock = new FakeClock();
  let done = 0;
  const throttle = new Throttle(clock, 100, () => {
    done++;
  });
  throttle.ask();
  assert.equal(done, 0, "not within the call that asks");
  await clock.advance(0);
  assert.equal(done, 1, "after a quiet time at once");
  for (let ms = 0; ms < 1000; ms += 2) {
    throttle.ask();
    await clock.advance(2);
  }
  assert.equal(done, 11);
  await clock.advance(1000);
  assert.equal(done, 11);
  throttle.ask();
  throttle.close();
  throttle.ask();
  await clock.advance(1000);
  assert.equal(done, 11);
  assert.equal(clock.waiting, 0);
});
