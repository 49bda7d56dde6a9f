import path from "node:path";
import { Failure, messageOf } from "../platform/failure.ts";
import { type Migration, readMigrations } from "../platform/migration-files.ts";
import { projectRoot } from "../platform/project-root.ts";
import type { Database } from "./database.ts";

// Any number will do, as long as no other program locks it.
const advisoryLock = 7_241_902_117;

/** The steps of the servers' schema. */
export function serverMigrations(): Migration[] {
  return readMigrations(path.join(projectRoot, "sql/server"));
}

/**
 * Brings the database to the newest step, each step in a transaction of its own; answers the names of the steps that ran.
 * Servers that start at once wait for each other. There is no way back: a step is never changed once it was released.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  const applied: string[] = [];
  for (const { number, name, sql } of migrations) {
    const ran = await database.transaction(async (connection) => {
      await connection.query({ text: "SELECT pg_advisory_xact_lock($1)", values: [advisoryLock] });
      await connection.query({
        text: `CREATE TABLE IF NOT EXISTS migrations
               (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
      });
      const [newest] = await connection.query<{ number: number | null }>({
        text: "SELECT max(number) AS number FROM migrations",
      });
      const at = newest?.number ?? 0;
      if (at > migrations.length) {
        throw new Failure(
          "database_is_newer",
          `the database is at step ${at}, this program knows ${migrations.length}`,
          "update the program, or use another database",
        );
      }
      if (number <= at) return false;
      try {
        await connection.query({ text: sql });
      } catch (cause) {
        throw new Failure(
          "migration_failed",
          `${name}: ${messageOf(cause)}`,
          "the database is as it was before",
          cause,
        );
      }
      await connection.query({ text: "INSERT INTO migrations (number, name) VALUES ($1, $2)", values: [number, name] });
      return true;
    });
    if (ran) applied.push(name);
  }
  return applied;
}
