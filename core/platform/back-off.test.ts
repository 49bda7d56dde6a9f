import assert from "node:assert/strict";
import { test } from "node:test";
import { backOffMs } from "./back-off.ts";
import { seededRandom } from "./random.ts";

const bounds = { msMin: 100, msMax: 10_000, jitter: "full" } as const;

test("pauses lie between nothing and a ceiling, which doubles up to a bound", () => {
  const random = seededRandom(1);
  for (const [failures, ceiling] of [
    [1, 100],
    [2, 200],
    [5, 1600],
    [8, 10_000],
    [2000, 10_000],
  ] as const) {
    const pauses = Array.from({ length: 1000 }, () => backOffMs(failures, bounds, random));
    assert.ok(Math.min(...pauses) >= 0 && Math.min(...pauses) < ceiling / 20, `${failures}: from nothing`);
    assert.ok(Math.max(...pauses) <= ceiling && Math.max(...pauses) > ceiling * 0.95, `${failures}: to ${ceiling}`);
  }
});

test("with equal jitter no pause is shorter than half of its ceiling", () => {
  const random = seededRandom(2);
  const pauses = Array.from({ length: 1000 }, () => backOffMs(2, { ...bounds, jitter: "equal" }, random));
  assert.ok(Math.min(...pauses) >= 100 && Math.min(...pauses) < 105, "from half");
  assert.ok(Math.max(...pauses) <= 200 && Math.max(...pauses) > 195, "to the whole");
});

test("the same seed draws the same pauses", () => {
  const draw = () => {
    const random = seededRandom(7);
    return [1, 2, 3].map((failures) => backOffMs(failures, bounds, random));
  };
  assert.deepEqual(draw(), draw());
});
