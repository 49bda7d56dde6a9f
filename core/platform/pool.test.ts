import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { poolThreads } from "./pool.ts";

test("a pool has few threads, whatever the machine", () => {
  assert.ok(poolThreads() >= 1 && poolThreads() <= 4 && poolThreads() <= Math.max(1, availableParallelism() - 1));
});
