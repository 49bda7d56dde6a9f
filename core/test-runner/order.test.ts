import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { inOrder, slowAfter } from "./order.ts";

test("fast files come first, with those whose time is not known, and then slow ones, the slowest first", () => {
  assert.deepEqual(inOrder(["new", "slow", "slower", "gone"], { slow: 3, slower: 9 }), {
    fast: ["gone", "new"],
    slow: ["slower", "slow"],
  });
});

test("a run notes the files that were slow in it, and keeps the times of files that it did not run", () => {
  const known = { "was slow": 9, "not run": 5 };
  assert.deepEqual(slowAfter(known, { "was slow": 1, "is slow": 7.4, fast: 0.2 }), { "is slow": 7, "not run": 5 });
});

test("the files in slow-files.json exist", () => {
  const known: object = JSON.parse(readFileSync(path.join(projectRoot, "core/test-runner/slow-files.json"), "utf8"));
  for (const file of Object.keys(known)) assert.ok(existsSync(path.join(projectRoot, file)), file);
});
