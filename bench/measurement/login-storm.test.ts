import assert from "node:assert/strict";
import { test } from "node:test";
import { sleep } from "../../core/platform/clock.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { loginsWhenDue } from "./login-storm.ts";

/** Ten logins a second for two seconds, each of which takes 40 ms and is refused if `refuses` says so of its number. */
function newStorm(refuses: (number: number) => boolean = () => false) {
  const clock = new FakeClock();
  const stopping = new AbortController();
  let begun = 0;
  let closed = 0;
  const running = loginsWhenDue(10, 2, {
    clock,
    random: seededRandom(1),
    signal: stopping.signal,
    async logIn() {
      const number = begun++;
      await sleep(clock, 40);
      return { ok: !refuses(number), close: () => void closed++ };
    },
  });
  return { clock, stopping, running, counts: () => ({ begun, closed }) };
}

test("logins are due at even distances, each has its latency from then, and every connection is closed", async () => {
  const { clock, running, counts } = newStorm((number) => number % 4 === 0);
  await clock.advance(3000);
  const { seconds, succeeded, failed, p50Ms } = await running;
  assert.deepEqual({ seconds, succeeded, failed }, { seconds: 2, succeeded: 15, failed: 5 });
  assert.ok(Math.abs(p50Ms - 40) < 2, String(p50Ms));
  assert.deepEqual(counts(), { begun: 20, closed: 20 });
});

test("logins that a stall delays count the delay, and none is left out", async () => {
  const { clock, running } = newStorm();
  await clock.advance(500);
  clock.stall(1000);
  await clock.advance(3000);
  const { succeeded, p99Ms } = await running;
  assert.equal(succeeded, 20);
  assert.ok(p99Ms > 900 && p99Ms < 1050, String(p99Ms));
});

test("logins that are ended early have the time until then", async () => {
  const { clock, stopping, running } = newStorm();
  await clock.advance(1000);
  stopping.abort();
  await clock.advance(1000);
  const { seconds, succeeded } = await running;
  assert.ok(seconds >= 1 && seconds <= 1.1, String(seconds));
  assert.ok(succeeded === 10 || succeeded === 11, String(succeeded));
});
