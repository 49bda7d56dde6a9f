import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import path from "node:path";
import { after } from "node:test";
import { silentLog } from "../platform/log.ts";
import { Database } from "../store/database.ts";
import { EmbeddedPostgres } from "../store/embedded/embedded-postgres.ts";
import { writablePlace } from "../store/embedded/place.ts";
import { migrate, serverMigrations } from "../store/migrations.ts";
import { testDatabaseVariable } from "./test-database-variable.ts";

/**
 * What ends with the test file, last started first. `after` is called here, at import: in a test, it would run at that test's
 * end.
 */
const endings: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of endings.reverse()) await end();
});

/** A PostgreSQL of the test file's own, for tests that stop, kill or fill it. It is stopped when the file ends. */
export async function ownPostgres(): Promise<EmbeddedPostgres> {
  const directory = mkdtempSync(path.join(writablePlace(), "fastchat-test-"));
  const server = await EmbeddedPostgres.start({ directory, ephemeral: true, log: silentLog });
  endings.push(() => server.stop());
  return server;
}

let shared: Promise<string> | undefined;

/** The database server that the test runner started for all files, or the file's own when a file is run by itself. */
export async function sharedServerUrl(): Promise<string> {
  const given = process.env[testDatabaseVariable];
  if (given) return given;
  shared ??= ownPostgres().then((server) => server.url());
  return shared;
}

/** A database without a table; its URL. */
async function createDatabase(serverUrl?: string): Promise<string> {
  const base = serverUrl ?? (await sharedServerUrl());
  const name = `test_${randomBytes(6).toString("hex")}`;
  const admin = new Database(base, { connectionsMax: 1, log: silentLog });
  await admin.query({ text: `CREATE DATABASE ${name}` });
  await admin.close();
  return base.replace(/\/[^/?]*(\?|$)/, `/${name}$1`);
}

/** An empty, migrated database that nobody else uses; its URL. */
export async function freshDatabase(serverUrl?: string): Promise<string> {
  const url = await createDatabase(serverUrl);
  const database = new Database(url, { connectionsMax: 1, log: silentLog });
  await migrate(database, serverMigrations());
  await database.close();
  return url;
}

/** A connection pool to a database without a table; closed when the file's tests end. */
export async function emptyDatabase(): Promise<Database> {
  return opened(await createDatabase());
}

/** A connection pool to a fresh database; closed when the file's tests end. */
export async function openFreshDatabase(): Promise<Database> {
  return opened(await freshDatabase());
}

function opened(url: string): Database {
  const database = new Database(url, { connectionsMax: 4, log: silentLog });
  endings.push(() => database.close());
  return database;
}
