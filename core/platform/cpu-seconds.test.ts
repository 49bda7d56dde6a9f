import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuSecondsOf, ownCpuSeconds } from "./cpu-seconds.ts";

test("a process's CPU seconds are those of the program and those of the kernel, and they only grow", () => {
  assert.equal(cpuSecondsOf({ user: 1_500_000, system: 250_000 }), 1.75);
  const before = ownCpuSeconds();
  assert.ok(before > 0 && ownCpuSeconds() >= before);
});
