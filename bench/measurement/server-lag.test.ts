import assert from "node:assert/strict";
import { test } from "node:test";
import { withLag } from "./server-lag.ts";

test("the lag of some work is that since its beginning, and not of what was before", async () => {
  // As at a server, each reading begins a new period.
  let lagMs = 900;
  const read = async () => {
    const since = lagMs;
    lagMs = 0;
    return since;
  };
  const work = async () => {
    lagMs = Math.max(lagMs, 12);
    return "done";
  };
  assert.deepEqual(await withLag(new Map(), work, read), { done: "done", lagMs: 12 });
});
