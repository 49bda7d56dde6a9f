import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL("./main.js", import.meta.url)), ...args], { encoding: "utf8" });

test("what means nothing is refused with 2, and says what to write", () => {
  for (const [args, complaint] of [
    [["no such mutant"], /^no mutant has no such mutant in what is wrong/],
    [["--sample", "x"], /^--sample: write how many mutants/],
    [["--since=--output=x"], /^git_failed: /],
    [["--at-once", "2"], /^--at-once: goes with --stryker alone/],
    [["--stryker", "kitchen"], /^--stryker: write one of platform, /],
    [["--stryker", "strategies", "--sample", "3"], /^--sample: goes with the list/],
    [["--stryker", "strategies", "--at-once", "0"], /^--at-once: write how many mutants/],
    [["--stryker", "strategies", "kitchen"], /^no source of the room has kitchen in its path/],
    [["--colour"], /^Unknown option '--colour'/],
  ] as const) {
    const { status, stdout, stderr } = run(...args);
    assert.deepEqual([status, stdout], [2, ""], args.join(" "));
    assert.match(stderr, complaint);
  }
});

test("a list names mutants with their promises, and a room's files, and does nothing else", () => {
  const mutants = run("--list", "a resend is stored again");
  assert.equal(mutants.status, 0);
  assert.match(
    mutants.stdout,
    /^core\/store\/ingest\/commit\.ts: a resend is stored again \(core\/wire\/PROTOCOL\.md: .+\)\n$/,
  );
  const files = run("--list", "--stryker", "strategies", "roster");
  assert.deepEqual([files.status, files.stdout], [0, "core/cluster/assigning/roster.ts\n"]);
});
