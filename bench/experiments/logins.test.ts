import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptBenchmark, figureOf } from "../testing/acceptance.ts";
import { loginFigures, logins, runLogins } from "./logins.ts";

acceptBenchmark(logins, {
  tiny: {
    fact: "all logins succeed",
    run: (parts) => runLogins({ perSecond: 20, seconds: 0.5 }, parts),
    check(run) {
      assert.equal(figureOf(run, "logins failed or refused"), 0);
      assert.ok(run.figures.length > 2);
    },
  },
  interrupted: [
    {
      fact: "nothing, since the logins have only begun",
      at: /for 60 s/,
      run: (parts) => runLogins({ perSecond: 20, seconds: 60 }, parts),
      check: (soFar) => assert.equal(soFar, undefined),
    },
  ],
});

test("logins done are those that succeeded by the time in which they were due, and the server's CPU is by each of them", () => {
  const result = { seconds: 10, succeeded: 1900, failed: 100, p50Ms: 4, p99Ms: 9 };
  const figures = loginFigures(200, { ...result, cpuSeconds: 3.8, lagMs: 2 });
  assert.deepEqual(
    figures.map(({ value, unit }) => `${value} ${unit}`),
    ["200 per second", "190 per second", "100 ", "4 ms", "9 ms", "2 ms", "2000 µs"],
  );
});
