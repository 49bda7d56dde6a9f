import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL("./main.js", import.meta.url)), ...args], { encoding: "utf8" });

test("a number of files at once below 1 is refused, as are unknown options, and words that no file's path contains", () => {
  for (const number of ["0", "x", "-1", "1.5", ""]) {
    const { status, stderr, stdout } = run("platform/clock", `--at-once=${number}`);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /^--at-once .*: write how many test files run side by side, a whole number from 1\n$/);
  }
  assert.match(run("--no-such-option").stderr, /^Unknown option '--no-such-option'/);
  const { status, stderr } = run("no-such-room");
  assert.equal(status, 2);
  assert.equal(stderr, "no test file's path contains no-such-room\n");
});
