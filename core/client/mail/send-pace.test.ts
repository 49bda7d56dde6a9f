import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../testing/fake-clock.ts";
import { SendPace } from "./send-pace.ts";

function newPace() {
  const clock = new FakeClock();
  let resumed = 0;
  const pace = new SendPace(clock, () => resumed++);
  /** How many of so many messages may go out now. */
  const take = (count: number) => Array.from({ length: count }, () => pace.take()).filter(Boolean).length;
  return { clock, pace, take, resumed: () => resumed };
}

test("messages go out without a bound until the server refuses one", () => {
  const { take, clock } = newPace();
  assert.equal(take(10_000), 10_000);
  assert.equal(clock.waiting, 0);
});

test("after a refusal none goes out for the period that it names, and then a portion in each such period", async () => {
  const { pace, take, clock, resumed } = newPace();
  pace.refused({ retryAfterMs: 200, remaining: 3 });
  for (let period = 0; period < 3; period++) {
    assert.equal(take(1), 0);
    await clock.advance(199);
    assert.equal(take(1), 0);
    assert.equal(resumed(), period);
    await clock.advance(1);
    assert.equal(resumed(), period + 1);
    assert.equal(take(10), 3);
  }
});

test("other refusals of the same period are ignored, and one of a later portion counts", async () => {
  const { pace, take, clock } = newPace();
  pace.refused({ retryAfterMs: 200, remaining: 3 });
  pace.refused({ retryAfterMs: 5000, remaining: 1 });
  await clock.advance(200);
  assert.equal(take(10), 3);
  pace.refused({ retryAfterMs: 400, remaining: 2 });
  await clock.advance(399);
  assert.equal(take(10), 0, "the period of the first refusal is over, and counts no more");
  await clock.advance(1);
  assert.equal(take(10), 2);
  assert.equal(clock.waiting, 1);
});

test("a refusal counts also where no message has had to wait before it", async () => {
  const { pace, take, clock } = newPace();
  pace.refused({ retryAfterMs: 200, remaining: 3 });
  await clock.advance(200);
  assert.equal(take(3), 3);
  pace.refused({ retryAfterMs: 200, remaining: 3 });
  await clock.advance(200);
  assert.equal(take(10), 3, "the refused message itself had to wait");
});

test("the bound goes when no message has had to wait for a whole period", async () => {
  const { pace, take, clock, resumed } = newPace();
  pace.refused({ retryAfterMs: 200, remaining: 3 });
  await clock.advance(200);
  assert.equal(take(3), 3);
  await clock.advance(200);
  assert.equal(resumed(), 2);
  assert.equal(take(1000), 1000);
  assert.equal(clock.waiting, 0);
});

test("a refusal without a number of messages stops all for its pause, and then bounds nothing", async () => {
  const { pace, take, clock, resumed } = newPace();
  pace.refused({ retryAfterMs: 200 });
  assert.equal(take(1), 0);
  await clock.advance(200);
  assert.equal(resumed(), 1);
  assert.equal(take(1000), 1000);
  assert.equal(clock.waiting, 0);
  // It refuses anew, and that counts.
  pace.refused({ retryAfterMs: 200 });
  assert.equal(take(1), 0);
});

test("a server cannot silence a client: one message goes in each period, and the period has bounds", async () => {
  const { pace, take, clock } = newPace();
  pace.refused({ retryAfterMs: 1e12, remaining: 0 });
  await clock.advance(60_000);
  assert.equal(take(10), 1);
  const unnamed = newPace();
  unnamed.pace.refused({});
  await unnamed.clock.advance(999);
  assert.equal(unnamed.take(1), 0);
  await unnamed.clock.advance(1);
  assert.equal(unnamed.take(1), 1);
});

test("on another connection nothing of a refusal counts", async () => {
  const { pace, take, clock, resumed } = newPace();
  pace.refused({ retryAfterMs: 200, remaining: 3 });
  pace.reset();
  assert.equal(clock.waiting, 0);
  assert.equal(take(1000), 1000);
  assert.equal(resumed(), 0);
  pace.refused({ retryAfterMs: 200, remaining: 3 });
  assert.equal(take(1), 0);
});
