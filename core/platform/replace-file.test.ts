import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { replaceFile } from "./replace-file.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "replace-file-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

test("a replaced file has the new text and its mode, and nothing else is left beside it", () => {
  const file = path.join(scratch, "settings");
  replaceFile(file, "old", 0o600);
  replaceFile(file, "new", 0o600);
  assert.equal(readFileSync(file, "utf8"), "new");
  if (process.platform !== "win32") assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(scratch), ["settings"]);
});

test("a new text that cannot be written leaves the old one", () => {
  const file = path.join(scratch, "kept");
  replaceFile(file, "old", 0o600);
  mkdirSync(`${file}.new`);
  assert.throws(() => replaceFile(file, "new", 0o600), { code: "EISDIR" });
  assert.equal(readFileSync(file, "utf8"), "old");
});
