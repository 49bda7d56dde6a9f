import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { inOrder, slowAfter } from "./order.ts";

test("fast files come first, those of which nothing is known among them, and then the slowest", () => {
  assert.deepEqual(inOrder(["new", "slow", "slower", "gone"], { slow: 3, slower: 9 }), {
    fast: ["gone", "new"],
    slow: ["slower", "slow"],
  });
});

test("a run notes what was slow in it, and leaves what it did not run", () => {
  const known = { "was slow": 9, "not run": 5 };
  assert.deepEqual(slowAfter(known, { "was slow": 1, "is slow": 7.4, fast: 0.2 }), { "is slow": 7, "not run": 5 });
});

test("the files that are known to be slow exist", () => {
  const known: object = JSON.parse(readFileSync(path.join(projectRoot, "core/test-runner/slow-files.json"), "utf8"));
  for (const file of Object.keys(known)) assert.ok(existsSync(path.join(projectRoot, file)), file);
});
