import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { UsageWatch } from "./usage-watch.ts";

test("a watch has the time and the CPU of what was done, and by how much memory grew at most meanwhile", async () => {
  const clock = new FakeClock();
  let now = { cpuSeconds: 5, residentBytes: 100 };
  const watch = new UsageWatch({ usage: async () => now }, clock);
  await clock.advance(500);
  now = { cpuSeconds: 6, residentBytes: 170 };
  await clock.advance(500);
  now = { cpuSeconds: 7.5, residentBytes: 120 };
  await clock.advance(1000);
  const stopped = watch.stop();
  await clock.advance(100);
  await stopped;
  assert.deepEqual(await watch.usage(), { seconds: 2, cpuSeconds: 2.5, grownBytes: 70 });
  assert.equal(clock.waiting, 0);
});

test("memory that shrinks has not grown", async () => {
  const clock = new FakeClock();
  let residentBytes = 100;
  const watch = new UsageWatch({ usage: async () => ({ cpuSeconds: 1, residentBytes }) }, clock);
  await clock.advance(5);
  residentBytes = 60;
  const stopped = watch.stop();
  await clock.advance(100);
  await stopped;
  assert.equal((await watch.usage()).grownBytes, 0);
});
