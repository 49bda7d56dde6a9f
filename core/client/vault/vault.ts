import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { encode } from "cborg";
import Database from "libsql";
import { type AccountSecret, decodeAccountSecret, encodeAccountSecret } from "../../e2ee/account-secret.ts";
import { type Content, encodeContent, parseContent, wordsOf } from "../../e2ee/content.ts";
import { systemClock } from "../../platform/clock.ts";
import { Failure, messageOf } from "../../platform/failure.ts";
import { readMigrations } from "../../platform/migration-files.ts";
import { projectRoot } from "../../platform/project-root.ts";
import { readUint64, writeUint64 } from "../../wire/bytes.ts";
import { decodeCbor } from "../../wire/cbor.ts";
import {
  type ClientMessageId,
  clientMessageId,
  type Epoch,
  type GroupId,
  type Seq,
  type UserId,
} from "../../wire/ids.ts";
import type { OutgoingFile, OutgoingFiles } from "../files/file-transfers.ts";
import type { ConversationStep, Keeper, KeptConversation, KeptGroup, KeptMessage, WrittenMessage } from "../keeper.ts";
import type { Pin, PinStore } from "../trust.ts";

/** A session to go on with. */
export interface KeptSession {
  readonly user: UserId;
  readonly token: Uint8Array;
}

const schemaDirectory = path.join(projectRoot, "sql/client");

/**
 * A person's local database: identity, pins, groups with their keys, messages and outbox in one encrypted file (SQLite's
 * form, by libsql). What the user has seen as written or received is in it, whatever crashes: what they write is on disk
 * before they see it taken; what they receive comes again from the server if the power fails before it is.
 *
 * One client at a time: the file is locked as long as it is open, and the system lets go of it when the client dies.
 */
export class Vault implements Keeper, OutgoingFiles {
  readonly pins: PinStore;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #user: UserId | undefined;

  private constructor(database: Database.Database) {
    this.#database = database;
    this.pins = this.#pinStore();
    this.#user = this.session()?.user;
  }

  /** A new vault in this file; what is there already is given up. */
  static create(file: string, key: Uint8Array): Vault {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    for (const part of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) rmSync(part, { force: true });
    return Vault.open(file, key);
  }

  /** Opens the vault in this file, which is made if it is missing. The key has 32 bytes; a wrong one changes nothing. */
  static open(file: string, key: Uint8Array): Vault {
    let database: Database.Database | undefined;
    try {
      database = new Database(file, {
        encryptionCipher: "aes256cbc",
        encryptionKey: Buffer.from(key).toString("hex"),
        timeout: 0,
      } as Database.Options);
      // Under a wrong key this fails, before anything is locked.
      database.prepare("SELECT count(*) FROM sqlite_master").get();
      database.pragma("locking_mode = EXCLUSIVE");
      database.pragma("journal_mode = WAL");
      database.exec("BEGIN EXCLUSIVE; COMMIT");
      const vault = new Vault(migrated(database));
      return vault;
    } catch (cause) {
      database?.close();
      throw openFailure(file, cause);
    }
  }

  close(): void {
    // The library keeps the file open until its statements are collected, and with it the lock: that is let go of first,
    // which takes leaving the write-ahead log.
    this.#database.pragma("journal_mode = DELETE");
    this.#database.pragma("locking_mode = NORMAL");
    this.#get("SELECT count(*) FROM facts");
    this.#database.close();
  }

  /** Undefined in a new vault. */
  accountSecret(): AccountSecret | undefined {
    const bytes = this.#fact("account");
    if (!bytes) return undefined;
    const secret = decodeAccountSecret(bytes);
    if (!secret.ok) throw new Error(`the account in the vault cannot be read: ${secret.reason}`);
    return secret.value;
  }

  saveAccountSecret(secret: AccountSecret): void {
    this.#saveFact("account", encodeAccountSecret(secret));
  }

  session(): KeptSession | undefined {
    const bytes = this.#fact("session");
    return bytes && (decodeCbor(bytes) as KeptSession);
  }

  saveSession(session: KeptSession | undefined): void {
    if (session) this.#user = session.user;
    if (session) this.#saveFact("session", encode({ user: session.user, token: session.token }));
    else this.#run("DELETE FROM facts WHERE key = 'session'");
  }

  groups(): KeptGroup[] {
    return this.#all<KeptGroup>(`SELECT id AS "group", cursor FROM groups WHERE left_at IS NULL ORDER BY id`);
  }

  restore(group: GroupId): KeptConversation | undefined {
    const kept = this.#get("SELECT suite_state AS state FROM groups WHERE id = ?", group) as
      | { state: Uint8Array | null }
      | undefined;
    if (!kept) return undefined;
    const entries = this.#all<{ seq: Seq; bytes: Uint8Array }>(
      "SELECT seq, entry AS bytes FROM log_entries WHERE group_id = ? ORDER BY idx",
      group,
    );
    return { entries, suiteState: kept.state ?? undefined };
  }

  keep(group: GroupId, step: ConversationStep): void {
    this.#transaction(() => {
      this.#run("INSERT INTO groups (id, cursor) VALUES (?, 0) ON CONFLICT (id) DO UPDATE SET left_at = NULL", group);
      const { cursor, entry, title, expireSeconds, suiteState, message, missing } = step;
      if (entry) {
        this.#run(
          `INSERT INTO log_entries (group_id, idx, seq, entry)
           VALUES (?, (SELECT count(*) FROM log_entries WHERE group_id = ?), ?, ?)`,
          group,
          group,
          entry.seq,
          entry.bytes,
        );
      }
      if (title !== undefined) this.#run("UPDATE groups SET title = ? WHERE id = ?", title, group);
      if (expireSeconds !== undefined)
        this.#run("UPDATE groups SET expire_seconds = ? WHERE id = ?", expireSeconds, group);
      if (suiteState) this.#run("UPDATE groups SET suite_state = ? WHERE id = ?", suiteState, group);
      if (message) this.#keepMessage(group, message);
      if (missing) {
        this.#run(
          "INSERT OR REPLACE INTO gaps (group_id, from_seq, through_seq) VALUES (?, ?, ?)",
          group,
          missing.from,
          missing.through,
        );
      }
      if (cursor !== undefined) this.#run("UPDATE groups SET cursor = max(cursor, ?) WHERE id = ?", cursor, group);
    });
  }

  placeOf(group: GroupId, sender: UserId, id: ClientMessageId): Seq | undefined {
    const found = this.#get(
      "SELECT seq FROM messages WHERE group_id = ? AND sender = ? AND client_message_id = ?",
      group,
      sender,
      idBytes(id),
    ) as { seq: Seq | null } | undefined;
    return found?.seq ?? undefined;
  }

  left(group: GroupId): void {
    this.#run("UPDATE groups SET left_at = ? WHERE id = ?", systemClock.now(), group);
  }

  expire(group: GroupId, before: number): ReadonlySet<Epoch> {
    this.#run(
      "DELETE FROM messages WHERE group_id = ? AND at < ? AND state IN ('sent', 'received', 'unreadable')",
      group,
      before,
    );
    const rows = this.#all<{ epoch: Epoch }>(
      "SELECT DISTINCT epoch FROM messages WHERE group_id = ? AND epoch > 0",
      group,
    );
    return new Set(rows.map(({ epoch }) => epoch));
  }

  unsent(): WrittenMessage[] {
    const rows = this.#all<{ id: Uint8Array; group: GroupId; content: Uint8Array; writtenAt: number }>(
      `SELECT client_message_id AS id, group_id AS "group", content, at AS writtenAt FROM messages
       WHERE state = 'written' ORDER BY id`,
    );
    return rows.map(({ id, content, ...row }) => ({ ...row, id: idFrom(id), content: contentFrom(content) }));
  }

  written({ id, group, content, writtenAt }: WrittenMessage): void {
    this.#onDisk(() =>
      this.#run(
        `INSERT INTO messages (group_id, sender, client_message_id, epoch, at, state, content, words)
         VALUES (?, ?, ?, 0, ?, 'written', ?, ?)`,
        group,
        this.#self(),
        idBytes(id),
        writtenAt,
        encodeContent(content),
        wordsOf(content) ?? null,
      ),
    );
  }

  settled(id: ClientMessageId, outcome: { ok: true; seq: Seq } | { ok: false; why: string }): void {
    // The place itself comes with the message, when it is delivered like any other.
    const [state, why] = outcome.ok ? ["sent", null] : ["failed", outcome.why];
    this.#run(
      "UPDATE messages SET state = ?, why = ? WHERE sender = ? AND client_message_id = ? AND state = 'written'",
      state,
      why,
      this.#self(),
      idBytes(id),
    );
  }

  outgoingFiles(): OutgoingFile[] {
    const rows = this.#all<Omit<OutgoingFile, "message" | "keepMetadata" | "text"> & OutgoingFileRow>(
      `SELECT attachment, key, group_id AS "group", client_message_id AS message, file, keep_metadata AS keepMetadata,
              text, hash
       FROM outgoing_files AS o WHERE NOT EXISTS (
         SELECT 1 FROM messages AS m
         WHERE m.group_id = o.group_id AND m.sender = ? AND m.client_message_id = o.client_message_id
       )`,
      this.#self(),
    );
    return rows.map(({ message, keepMetadata, text, ...row }) => ({
      ...row,
      message: idFrom(message),
      keepMetadata: keepMetadata === 1,
      text: text ?? undefined,
    }));
  }

  outgoingFileBegun({ attachment, key, group, message, file, keepMetadata, text, hash }: OutgoingFile): void {
    this.#onDisk(() =>
      this.#run(
        `INSERT INTO outgoing_files (attachment, key, group_id, client_message_id, file, keep_metadata, text, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        attachment,
        key,
        group,
        idBytes(message),
        file,
        keepMetadata ? 1 : 0,
        text ?? null,
        hash,
      ),
    );
  }

  outgoingFileEnded(attachment: Uint8Array): void {
    this.#run("DELETE FROM outgoing_files WHERE attachment = ?", attachment);
  }

  #keepMessage(group: GroupId, message: KeptMessage): void {
    const { seq, sender, clientMessageId: id, epoch, sentAt, content, fault } = message;
    const isOwn = sender === this.#user;
    this.#run(
      `INSERT INTO messages (group_id, seq, sender, client_message_id, epoch, at, state, why, content, words)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (group_id, sender, client_message_id) DO UPDATE
       SET seq = excluded.seq, epoch = excluded.epoch, at = excluded.at, state = excluded.state, why = excluded.why`,
      group,
      seq,
      sender,
      idBytes(id),
      epoch,
      sentAt,
      fault === undefined ? (isOwn ? "sent" : "received") : "unreadable",
      fault ?? null,
      content ? encodeContent(content) : null,
      (content && wordsOf(content)) ?? null,
    );
  }

  #pinStore(): PinStore {
    const columns = `name, user_id AS "user", identity, verified, former, changed_user AS changedUser, changed_identity AS changedIdentity`;
    return {
      byName: (name) => pinFrom(this.#get(`SELECT ${columns} FROM people WHERE name = ?`, name) as PinRow | undefined),
      byUser: (user) =>
        pinFrom(this.#get(`SELECT ${columns} FROM people WHERE user_id = ?`, user) as PinRow | undefined),
      all: () => this.#all<PinRow>(`SELECT ${columns} FROM people ORDER BY name`).map((row) => pinFrom(row)),
      save: ({ name, user, identity, verified, former, changed }) =>
        this.#run(
          `INSERT INTO people (name, user_id, identity, verified, former, changed_user, changed_identity)
           VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET user_id = excluded.user_id, identity = excluded.identity,
             verified = excluded.verified, former = excluded.former, changed_user = excluded.changed_user,
             changed_identity = excluded.changed_identity`,
          name,
          user,
          identity,
          verified ? 1 : 0,
          encode([...former]),
          changed?.user ?? null,
          changed?.identity ?? null,
        ),
    };
  }

  #self(): UserId {
    if (this.#user === undefined) throw new Error("nobody has logged in to this vault");
    return this.#user;
  }

  #fact(key: string): Uint8Array | undefined {
    return (this.#get("SELECT value FROM facts WHERE key = ?", key) as { value: Uint8Array } | undefined)?.value;
  }

  #saveFact(key: string, value: Uint8Array): void {
    this.#onDisk(() => this.#run("INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", key, value));
  }

  /** The work's transaction is on the disk when this returns; others are at the latest with the next that asks for it. */
  #onDisk(work: () => void): void {
    this.#database.pragma("synchronous = FULL");
    try {
      work();
    } finally {
      this.#database.pragma("synchronous = NORMAL");
    }
  }

  #transaction(work: () => void): void {
    this.#run("BEGIN IMMEDIATE");
    try {
      work();
      this.#run("COMMIT");
    } catch (cause) {
      this.#run("ROLLBACK");
      throw cause;
    }
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  // Values go as one array: the library takes a single byte string for an object with named parameters, and aborts.
  #run(sql: string, ...values: readonly SqlValue[]): void {
    this.#statement(sql).run(values);
  }

  #get(sql: string, ...values: readonly SqlValue[]): unknown {
    return this.#statement(sql).get(values);
  }

  #all<Row>(sql: string, ...values: readonly SqlValue[]): Row[] {
    const rows = this.#statement(sql).all(values) as Record<string, unknown>[];
    // Byte strings come as `ArrayBuffer` here, and as `Buffer` from `get`.
    for (const row of rows) {
      for (const [name, value] of Object.entries(row))
        if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value);
    }
    return rows as Row[];
  }
}

interface OutgoingFileRow {
  readonly message: Uint8Array;
  readonly keepMetadata: number;
  readonly text: string | null;
}

type SqlValue = string | number | Uint8Array | null;

interface PinRow {
  readonly name: string;
  readonly user: UserId;
  readonly identity: Uint8Array;
  readonly verified: number;
  readonly former: Uint8Array;
  readonly changedUser: UserId | null;
  readonly changedIdentity: Uint8Array | null;
}

function pinFrom(row: PinRow): Pin;
function pinFrom(row: PinRow | undefined): Pin | undefined;
function pinFrom(row: PinRow | undefined): Pin | undefined {
  if (!row) return undefined;
  const { name, user, identity, verified, former, changedUser, changedIdentity } = row;
  const changed =
    changedUser !== null && changedIdentity !== null ? { user: changedUser, identity: changedIdentity } : undefined;
  return {
    name,
    user,
    identity,
    verified: verified === 1,
    former: decodeCbor(former) as Uint8Array[],
    changed,
  };
}

function idBytes(id: ClientMessageId): Uint8Array {
  const bytes = new Uint8Array(8);
  writeUint64(bytes, 0, id);
  return bytes;
}

const idFrom = (bytes: Uint8Array) => clientMessageId(readUint64(bytes, 0));

function contentFrom(bytes: Uint8Array): Content {
  const content = parseContent(bytes);
  if (!content.ok) throw new Error(`a message in the vault cannot be read: ${content.reason}`);
  return content.value;
}

/** Brings the schema to its newest step: SQLite's own `user_version` says where it is. */
function migrated(database: Database.Database): Database.Database {
  const migrations = readMigrations(schemaDirectory);
  const at = (database.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
  if (at > migrations.length) {
    throw new Failure(
      "vault_is_newer",
      `the vault is at step ${at}, this program knows ${migrations.length}`,
      "update the program",
    );
  }
  for (const { number, sql } of migrations.slice(at)) {
    database.exec(`BEGIN; ${sql}; PRAGMA user_version = ${number}; COMMIT`);
  }
  return database;
}

function openFailure(file: string, cause: unknown): unknown {
  if (cause instanceof Failure) return cause;
  const code = (cause as { code?: string }).code ?? "";
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
  return new Failure(
    "vault_unusable",
    `${file}: ${messageOf(cause)}`,
    "check that it is a file that you may write to",
    cause,
  );
}
