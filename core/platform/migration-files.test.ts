import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { Failure } from "./failure.ts";
import { readMigrations } from "./migration-files.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "migration-files-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A folder with these files, written in this order. */
function folderOf(name: string, ...files: readonly string[]): string {
  const directory = path.join(scratch, name);
  mkdirSync(directory);
  for (const file of files) writeFileSync(path.join(directory, file), `-- é ${file}`);
  return directory;
}

test("the steps of a schema are its SQL files in the order of their numbers, and nothing else in the folder", () => {
  const directory = folderOf("whole", "0010_j.sql", ...[9, 2, 3, 4, 5, 6, 7, 8, 1].map((n) => `000${n}_x.sql`));
  writeFileSync(path.join(directory, "README.md"), "what the steps are");
  writeFileSync(path.join(directory, ".sql.swp"), "an editor's");
  const steps = readMigrations(directory);
  assert.deepEqual(
    steps.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  assert.deepEqual(steps[9], { number: 10, name: "0010_j.sql", sql: "-- é 0010_j.sql" });
});

test("a step that is missing, at the beginning or between two others, is named", () => {
  for (const [name, files, missing] of [
    ["no-first", ["0002_b.sql"], "0002_b.sql: step 1 is missing"],
    ["gap", ["0001_a.sql", "0003_c.sql"], "0003_c.sql: step 2 is missing"],
    ["twice", ["0001_a.sql", "0001_b.sql"], "0001_b.sql: step 2 is missing"],
  ] as const) {
    const directory = folderOf(name, ...files);
    assert.throws(() => readMigrations(directory), { message: path.join(directory, missing) });
  }
});

test("a folder that cannot be read is a failure with what to do", () => {
  const directory = path.join(scratch, "nowhere");
  assert.throws(
    () => readMigrations(directory),
    (cause) => {
      assert.ok(cause instanceof Failure);
      assert.equal(cause.code, "schema_unreadable");
      assert.ok(cause.message.startsWith(`the steps of the schema in ${directory} cannot be read: ENOENT`));
      assert.equal(cause.advice, "bring the project's sql folder back (git checkout)");
      return true;
    },
  );
});
