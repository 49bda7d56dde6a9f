import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { downloadsDirectory, typedPath } from "./paths.ts";

test("a path that begins with ~ is below the user's home", () => {
  assert.equal(typedPath("~/x"), path.join(homedir(), "x"));
});

test("downloads go where the desktop says, else to Downloads, else home", (t) => {
  const home = mkdtempSync(path.join(tmpdir(), "home-test-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(path.join(home, ".config"));
  assert.equal(downloadsDirectory({}, home), home);
  mkdirSync(path.join(home, "Downloads"));
  assert.equal(downloadsDirectory({}, home), path.join(home, "Downloads"));
  mkdirSync(path.join(home, "Geladen"));
  writeFileSync(path.join(home, ".config", "user-dirs.dirs"), '# x\nXDG_DOWNLOAD_DIR="$HOME/Geladen"\n');
  assert.equal(downloadsDirectory({}, home), path.join(home, "Geladen"));
  mkdirSync(path.join(home, "named"));
  assert.equal(downloadsDirectory({ XDG_DOWNLOAD_DIR: path.join(home, "named") }, home), path.join(home, "named"));
  assert.equal(downloadsDirectory({ XDG_DOWNLOAD_DIR: "/nowhere/at/all" }, home), path.join(home, "Downloads"));
});
