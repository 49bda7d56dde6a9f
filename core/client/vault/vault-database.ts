import { createRequire } from "node:module";
import path from "node:path";
import type Database from "libsql";
import { z } from "zod";
import { codeOf, Failure, messageOf } from "../../platform/failure.ts";
import { readMigrations } from "../../platform/migration-files.ts";
import { projectRoot } from "../../platform/project-root.ts";

const versionFields = z.object({ user_version: z.number() });

const require = createRequire(import.meta.url);
/** Loaded with the first vault: its machine code takes 3 MiB and 30 ms. */
const libsql = (): typeof Database => require("libsql");

const schemaDirectory = path.join(projectRoot, "sql/client");

type SqlValue = string | number | Uint8Array | null;

/** The encrypted file of a vault: its connection, prepared statements and transactions. The file is locked while it is open. */
export class VaultDatabase {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Opens the file, which is made if it is missing, and brings its schema to the newest step. The key has 32 bytes. */
  static open(file: string, key: Uint8Array): VaultDatabase {
    let database: Database.Database | undefined;
    try {
      // The library's types do not know its encryption.
      const options: Database.Options & { encryptionCipher: string; encryptionKey: string } = {
        encryptionCipher: "aes256cbc",
        encryptionKey: Buffer.from(key).toString("hex"),
        timeout: 0,
      };
      database = new (libsql())(file, options);
      // With a wrong key, or a newer program's vault, this fails before anything is locked: a lock outlives a failed opening.
      refuseNewer(database);
      database.pragma("locking_mode = EXCLUSIVE");
      database.pragma("journal_mode = WAL");
      database.exec("BEGIN EXCLUSIVE; COMMIT");
      // What has to be on disk at once says so; the rest can be fetched again.
      database.pragma("synchronous = NORMAL");
      return new VaultDatabase(migrated(database));
    } catch (cause) {
      database?.close();
      throw openFailure(file, cause);
    }
  }

  close(): void {
    // The library keeps the file open until its statements are garbage-collected, and with it the lock. So the lock is
    // released first, which is possible only outside of the write-ahead log.
    this.#database.pragma("journal_mode = DELETE");
    this.#database.pragma("locking_mode = NORMAL");
    this.get("SELECT count(*) FROM facts");
    this.#database.close();
  }

  /** The work's transaction is on disk when this returns, and with it all earlier ones, which may not have been before. */
  onDisk<T>(work: () => T): T {
    this.#database.pragma("synchronous = FULL");
    try {
      return work();
    } finally {
      this.#database.pragma("synchronous = NORMAL");
    }
  }

  transaction(work: () => void): void {
    this.run("BEGIN IMMEDIATE");
    try {
      work();
      this.run("COMMIT");
    } catch (cause) {
      this.run("ROLLBACK");
      throw cause;
    }
  }

  // All values are passed as one array: the library takes a single byte string for an object of named parameters, and aborts.
  run(sql: string, ...values: readonly SqlValue[]): void {
    this.#statement(sql).run(values);
  }

  /** The first row, whose columns are the statement's. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the caller knows the statement's columns
  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement beside the row's type names its columns
    return this.#statement(sql).get(values) as Row | undefined;
  }

  all<Row extends object>(sql: string, ...values: readonly SqlValue[]): Row[] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement beside the row's type names its columns
    const rows = this.#statement(sql).all(values) as Row[];
    // The library returns byte strings as `ArrayBuffer` here, and as `Buffer` from `get`.
    for (const row of rows) {
      for (const [name, value] of Object.entries(row))
        if (value instanceof ArrayBuffer) Reflect.set(row, name, new Uint8Array(value));
    }
    return rows;
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** The step of its schema at which a vault is, which SQLite keeps as `user_version`. */
const stepOf = (database: Database.Database) =>
  versionFields.parse(database.prepare("PRAGMA user_version").get()).user_version;

function refuseNewer(database: Database.Database): void {
  const [at, known] = [stepOf(database), readMigrations(schemaDirectory).length];
  if (at <= known) return;
  throw new Failure("vault_is_newer", `the vault is at step ${at}, this program knows ${known}`, "update the program");
}

/** Brings the schema to its newest step. */
function migrated(database: Database.Database): Database.Database {
  // A newer program may have brought it further before it was locked.
  refuseNewer(database);
  for (const { number, sql } of readMigrations(schemaDirectory).slice(stepOf(database))) {
    database.exec(`BEGIN; ${sql}; PRAGMA user_version = ${number}; COMMIT`);
  }
  return database;
}

function openFailure(file: string, cause: unknown): unknown {
  if (cause instanceof Failure) return cause;
  const code = codeOf(cause) ?? "";
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return new Failure(
      "vault_in_use",
      `${file} is open in another client`,
      "close that one, or use another --profile",
      cause,
    );
  }
  if (code === "SQLITE_NOTADB") {
    return new Failure(
      "wrong_password",
      `${file} does not open with this password`,
      "try again; nothing was changed",
      cause,
    );
  }
  return vaultUnusable(file, cause);
}

/** The failure when the vault's file, or its directory, cannot be used. */
export const vaultUnusable = (file: string, cause: unknown) =>
  new Failure("vault_unusable", `${file}: ${messageOf(cause)}`, "check that it is a file that you may write to", cause);
