import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCode, fileReport, summary } from "./report.ts";
import type { TestFileResult } from "./test-file.ts";

const result = (of: Partial<TestFileResult>): TestFileResult => ({
  passed: 0,
  skipped: [],
  failed: [],
  seconds: 1,
  output: "",
  ...of,
});

test("a file that passed is one line, whatever it printed", () => {
  const report = fileReport("core/a.test.ts", result({ passed: 3, skipped: ["no tmux"], output: "much\nmore" }));
  assert.equal(report, "ok     core/a.test.ts: 3 passed, 1 skipped, 1.0 s\n");
});

test("a file that failed says which test failed and why, what was printed, and how to run the file alone", () => {
  const failed = [{ name: ["a suite", "bad"], error: "Error: no\n    at a.test.ts:3" }];
  const report = fileReport("core/a.test.ts", result({ passed: 2, failed, output: "TEST_SEED=7 plays this again" }));
  for (const said of [
    "FAILED core/a.test.ts: 2 passed",
    "core/a.test.ts: a suite > bad\n",
    "Error: no\n",
    "TEST_SEED=7",
    "node dist/core/test-runner/main.js core/a.test.ts\n",
  ]) {
    assert.ok(report.includes(said), said);
  }
});

test("the summary names failed tests and the reasons of skipped ones, and has the counts alone on its last line", () => {
  const results = new Map([
    ["a", result({ passed: 3, skipped: ["no tmux", "no tmux"] })],
    ["b", result({ passed: 1, failed: [{ name: [], error: "SIGKILL" }] })],
  ]);
  assert.equal(
    summary(results, 12.4),
    "2 files in 12 s\nskipped: no tmux (2 tests)\nfailed: b, outside of its tests\n4 passed, 1 failed, 2 skipped\n",
  );
});

test("the exit code is 0 only if every chosen file was run and none has failed, and 130 after an interruption", () => {
  const good = result({ passed: 3 });
  const bad = result({ passed: 3, failed: [{ name: ["a test"], error: "no" }] });
  const code = (of: Record<string, TestFileResult>, chosen: number, interrupted = false) =>
    exitCode(new Map(Object.entries(of)), { chosen, interrupted });
  assert.equal(code({ a: good, b: good }, 2), 0);
  assert.equal(code({ a: good, b: bad }, 2), 1);
  assert.equal(code({ a: bad, b: good }, 2), 1);
  assert.equal(code({ a: good }, 2), 1, "a file was not run");
  assert.equal(code({ a: good, b: bad }, 3, true), 130);
});
