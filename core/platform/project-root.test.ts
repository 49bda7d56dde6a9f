import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "./project-root.ts";

test("package.json lies at the project's root", () => {
  assert.ok(existsSync(path.join(projectRoot, "package.json")));
});
