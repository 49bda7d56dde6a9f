import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { Failure } from "../platform/failure.ts";
import { silentLog } from "../platform/log.ts";
import { freshDatabase } from "../testing/database.ts";
import { deploy } from "../testing/deployment.ts";
import { copyEnd, copyRow, copySignature } from "./copy-binary.ts";
import { Database, isDatabaseAway, isRowFault } from "./database.ts";

/** A database that claims to be of this version: a function of its own stands before PostgreSQL's `current_setting`. */
async function databaseOfVersion(version: string, number: string): Promise<string> {
  const url = await freshDatabase();
  const database = new Database(url, { connectionsMax: 1, log: silentLog });
  await database.query({ text: "CREATE SCHEMA elder" });
  await database.query({
    text: `CREATE FUNCTION elder.current_setting(name text) RETURNS text LANGUAGE sql AS $$
             SELECT CASE name WHEN 'server_version' THEN '${version}' WHEN 'server_version_num' THEN '${number}'
                    ELSE pg_catalog.current_setting(name) END $$`,
  });
  const name = new URL(url).pathname.slice(1);
  await database.query({ text: `ALTER DATABASE ${name} SET search_path = elder, pg_catalog, public` });
  await database.close();
  return url;
}

test("a PostgreSQL that is too old stops the start, with its version and what is needed", async () => {
  const database = await databaseOfVersion("13.14", "130014");
  await assert.rejects(deploy({ database }), (cause) => {
    assert.ok(cause instanceof Failure);
    assert.equal(cause.code, "database_too_old");
    assert.match(cause.message, /PostgreSQL 13\.14/);
    assert.match(cause.advice, /PostgreSQL 14 or later/);
    return true;
  });
});

test("the oldest PostgreSQL that is supported is accepted", async () => {
  const database = new Database(await databaseOfVersion("14.0", "140000"), { connectionsMax: 1, log: silentLog });
  assert.equal((await database.check()).version, "14.0");
  await database.close();
});

test("a database that is away, full or shutting down can be tried again, and a row that it refuses cannot", () => {
  const answered = (code: string) => Object.assign(new pg.DatabaseError("refused", 7, "error"), { code });
  const verdicts = (cause: unknown) => [isDatabaseAway(cause), isRowFault(cause)];
  // No connection, too many connections, a full disk, shutting down, just starting, an error of input or output.
  for (const code of ["08006", "53300", "53100", "57P01", "57P03", "58030"]) {
    assert.deepEqual(verdicts(answered(code)), [true, false], code);
  }
  for (const code of ["22P02", "23505", "23514"]) assert.deepEqual(verdicts(answered(code)), [false, true], code);
  for (const code of ["42601", "40P01", "25P02"]) assert.deepEqual(verdicts(answered(code)), [false, false], code);
  for (const text of ["connect ECONNREFUSED 127.0.0.1:1", "Connection terminated unexpectedly", "Query read timeout"]) {
    assert.deepEqual(verdicts(new Error(text)), [true, false], text);
  }
  assert.deepEqual(verdicts(new TypeError("a mistake in the server")), [false, false]);
});

test("a database that does not answer is a failure that names it without its password", async () => {
  const database = new Database("postgres://somebody:secret@127.0.0.1:1/chat", { connectionsMax: 1, log: silentLog });
  await assert.rejects(database.check(), (cause) => {
    assert.ok(cause instanceof Failure);
    assert.equal(cause.code, "database_unreachable");
    assert.match(cause.message, /somebody:…@127\.0\.0\.1:1\/chat/);
    assert.doesNotMatch(cause.message, /secret/);
    return true;
  });
  await database.close();
});

test("of a transaction nothing stays when its work fails, also where no statement did", async () => {
  const database = new Database(await freshDatabase(), { connectionsMax: 1, log: silentLog });
  await database.query({ text: "CREATE TABLE notes (text text)" });
  const write = async (text: string, fails: boolean) =>
    database.transaction(async (connection) => {
      await connection.query({ text: "INSERT INTO notes VALUES ($1)", values: [text] });
      if (fails) throw new Error("changed its mind");
    });
  await assert.rejects(write("half", true), /changed its mind/);
  await write("whole", false);
  assert.deepEqual(await database.query({ text: "SELECT text FROM notes" }), [{ text: "whole" }]);
  await database.close();
});

test("a statement that hangs is given up, and a connection that broke is not used again", async () => {
  const url = await freshDatabase();
  const hasty = new Database(url, { connectionsMax: 1, log: silentLog, queryMsMax: 50 });
  await assert.rejects(hasty.query({ text: "SELECT pg_sleep(30)" }), isDatabaseAway);
  await hasty.close();
  const database = new Database(url, { connectionsMax: 1, log: silentLog });
  const breakOff = { text: "SELECT pg_terminate_backend(pg_backend_pid())" };
  await assert.rejects(
    database.transaction((connection) => connection.query(breakOff)),
    isDatabaseAway,
  );
  assert.deepEqual(await database.query({ text: "SELECT 1 AS one" }), [{ one: 1 }]);
  await database.query({ text: "CREATE TABLE kept (bytes bytea)" });
  function* cutOff() {
    yield* [copySignature, ...copyRow(new Uint8Array(8))];
    throw new Error("the client has gone");
  }
  const into = () => copyFrom("COPY kept FROM STDIN WITH (FORMAT binary)");
  await assert.rejects(database.copy(into(), cutOff()), /gone/);
  await database.copy(into(), [copySignature, ...copyRow(new Uint8Array(9)), copyEnd]);
  assert.deepEqual(await database.query({ text: "SELECT length(bytes) AS bytes FROM kept" }), [{ bytes: 9 }]);
  await database.close();
});
