import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { Failure } from "../platform/failure.ts";
import { readMigrations } from "../platform/migration-files.ts";
import { emptyDatabase } from "../testing/database.ts";
import { migrate, serverMigrations } from "./migrations.ts";

const step = (number: number, sql: string) => ({ number, name: `000${number}_step.sql`, sql });

test("a missing folder of steps is a failure that says what to do", () => {
  assert.throws(
    () => readMigrations(path.join(tmpdir(), "no-such-steps")),
    (cause: Failure) => cause.code === "schema_unreadable" && /git checkout/.test(cause.advice),
  );
});

test("of servers that start at once each step is run by one", async () => {
  const database = await emptyDatabase();
  const ran = await Promise.all([1, 2, 3, 4].map(() => migrate(database, serverMigrations())));
  assert.equal(ran.flat().length, serverMigrations().length);
  assert.deepEqual(await migrate(database, serverMigrations()), []);
});

test("a step that fails changes nothing, and the steps before it stay applied", async () => {
  const database = await emptyDatabase();
  const steps = [step(1, "CREATE TABLE one (n integer)"), step(2, "CREATE TABLE two (n integer); SELECT 1 / 0")];
  await assert.rejects(
    migrate(database, steps),
    (cause: Failure) => cause.code === "migration_failed" && /0002/.test(cause.message),
  );
  const tables = await database.query<{ name: string }>({
    text: "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
  });
  assert.deepEqual(
    tables.map(({ name }) => name),
    ["migrations", "one"],
  );
});

test("a database that is newer than the program is refused", async () => {
  const database = await emptyDatabase();
  const steps = [step(1, "CREATE TABLE one (n integer)"), step(2, "CREATE TABLE two (n integer)")];
  await migrate(database, steps);
  await assert.rejects(migrate(database, steps.slice(0, 1)), (cause: Failure) => cause.code === "database_is_newer");
});

test("a missing step is noticed before any step runs", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "migrations-test-"));
  writeFileSync(path.join(directory, "0001_first.sql"), "SELECT 1");
  writeFileSync(path.join(directory, "0003_third.sql"), "SELECT 3");
  assert.throws(() => readMigrations(directory), /step 2 is missing/);
  rmSync(directory, { recursive: true });
});
