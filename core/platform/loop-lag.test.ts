import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopLag } from "./loop-lag.ts";

/** Delays that a test writes down, in milliseconds, instead of waiting for them. */
function newLag() {
  const delaysMs: number[] = [];
  const sorted = () => delaysMs.toSorted((a, b) => a - b);
  const nanoseconds = (ms: number | undefined) => (ms ?? 0) * 1e6;
  let isOn = false;
  const lag = new LoopLag({
    percentile: (percent) => nanoseconds(sorted()[Math.ceil((percent / 100) * delaysMs.length) - 1]),
    get max() {
      return nanoseconds(sorted().at(-1));
    },
    reset: () => void delaysMs.splice(0),
    enable: () => (isOn = true),
    disable: () => !(isOn = false),
  });
  return { lag, delaysMs, isOn: () => isOn };
}

test("lag is by how much a timer is late, without its own period of 5 ms", () => {
  const { lag, delaysMs } = newLag();
  delaysMs.push(...Array.from({ length: 98 }, () => 6), 25, 105);
  const { p50Ms, p99Ms, maxMs } = lag.read();
  assert.deepEqual([p50Ms, p99Ms, maxMs], [1, 20, 100]);
});

test("each reading is of the time since the one before, and one of no time has no lag", () => {
  const { lag, delaysMs } = newLag();
  delaysMs.push(505);
  assert.equal(lag.read().maxMs, 500);
  const { p50Ms, p99Ms, maxMs } = lag.read();
  assert.deepEqual([p50Ms, p99Ms, maxMs], [0, 0, 0]);
  delaysMs.push(4.9);
  assert.equal(lag.read().maxMs, 0, "a timer that is early is not late");
});

test("what is stopped measures no more", () => {
  const { lag, isOn } = newLag();
  assert.equal(isOn(), true);
  lag.stop();
  assert.equal(isOn(), false);
});
