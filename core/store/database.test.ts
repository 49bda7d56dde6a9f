import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../platform/failure.ts";
import { silentLog } from "../platform/log.ts";
import { freshDatabase } from "../testing/database.ts";
import { deploy } from "../testing/deployment.ts";
import { Database } from "./database.ts";

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
