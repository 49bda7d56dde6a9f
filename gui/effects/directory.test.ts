import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { isSentence } from "../testing/is-sentence.ts";
import { listDirectory } from "./directory.ts";

test("a directory is listed with directories first and hidden entries last; a problem is one sentence", async (t) => {
  const place = mkdtempSync(path.join(tmpdir(), "directory-test-"));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  for (const directory of ["z", ".git", "b"]) mkdirSync(path.join(place, directory), { recursive: true });
  for (const name of ["file10", "file9", ".env"]) writeFileSync(path.join(place, name), name);
  symlinkSync(path.join(place, "z"), path.join(place, "link"));
  symlinkSync("nowhere", path.join(place, "broken"));
  const listed = await listDirectory(`${place}/z/..`);
  assert.equal(listed.directory, place);
  assert.deepEqual(
    listed.entries.map(({ name, kind, bytes }) => [name, kind, bytes]),
    [
      ["b", "directory", 0],
      ["link", "directory", 0],
      ["z", "directory", 0],
      ["file9", "file", 5],
      ["file10", "file", 6],
      [".git", "directory", 0],
      [".env", "file", 4],
    ],
  );
  for (const directory of [`${place}/nowhere`, `${place}/file9`, "\0"]) {
    const { entries, problem = "" } = await listDirectory(directory);
    assert.deepEqual(entries, []);
    assert.ok(isSentence(problem), problem);
  }
});
