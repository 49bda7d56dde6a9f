import assert from "node:assert/strict";
import { test } from "node:test";
import { MeasuredWindow } from "./measured-window.ts";

/** A stretch from 1,000 ms on, of which 3,000 to 8,000 ms are measured. */
function newWindow(): MeasuredWindow {
  const window = new MeasuredWindow();
  window.begin(1000, { warmUpSeconds: 2, durationSeconds: 5 });
  return window;
}

test("the measured time begins after the warm-up and has its whole length; its end is no part of it", () => {
  const window = newWindow();
  assert.deepEqual([window.startMs, window.fromMs, window.untilMs], [1000, 3000, 8000]);
  for (const [atMs, isIn] of [
    [1000, false],
    [2999.9, false],
    [3000, true],
    [7999.9, true],
    [8000, false],
  ] as const) {
    assert.equal(window.contains(atMs), isIn, String(atMs));
  }
});

test("before the first stretch no time is measured", () => {
  assert.equal(new MeasuredWindow().contains(0), false);
});

test("a stretch that is cut short is measured until then, and no time of its warm-up is", () => {
  for (const [cutAtMs, untilMs] of [
    [6000, 6000],
    [2000, 3000],
    [9000, 8000],
  ] as const) {
    const window = newWindow();
    window.cutShort(cutAtMs);
    assert.deepEqual([window.fromMs, window.untilMs], [3000, untilMs]);
    assert.equal(window.contains(2500), false);
  }
});
