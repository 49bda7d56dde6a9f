import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { encode } from "cborg";
import { z } from "zod";
import { type AccountSecret, decodeAccountSecret, encodeAccountSecret } from "../../e2ee/account-secret.ts";
import { encodeContent, wordsOf } from "../../e2ee/content.ts";
import type { Clock } from "../../platform/clock.ts";
import { parseCbor } from "../../wire/cbor.ts";
import { anyBytesField, userIdField } from "../../wire/fields.ts";
import {
  type ClientMessageId,
  type Epoch,
  type GroupId,
  type Seq,
  seqBeforeFirst,
  type UserId,
} from "../../wire/ids.ts";
import type { OutgoingFiles } from "../files/file-transfers.ts";
import type {
  ConversationStep,
  Keeper,
  KeptConversation,
  KeptGroup,
  KeptMessage,
  KeptOutcome,
  MessageName,
  WrittenMessage,
} from "../group/keeper.ts";
import type { PinStore } from "../people/trust.ts";
import { mentions } from "../text/mentions.ts";
import { idBytes, idFrom, wordsIn } from "./columns.ts";
import { OutgoingFileTable } from "./outgoing-file-table.ts";
import { OwnMessageTable } from "./own-message-table.ts";
import { pinTable } from "./pin-table.ts";
import { VaultDatabase, vaultUnusable } from "./vault-database.ts";
import { type RowKey, VaultView } from "./view.ts";

const sessionFields = z.object({ user: userIdField, token: anyBytesField });

/** The session of the last login, which the next run resumes. */
export type KeptSession = Readonly<z.output<typeof sessionFields>>;

/**
 * An account's local database: identity, pins, groups with their keys, messages and outbox in one encrypted file (SQLite's
 * format, by libsql). A crash loses nothing that the user has seen: a message that they write is on disk before it is shown as
 * written; one that they receive comes again from the server if the power fails before it is on disk.
 *
 * One client at a time: the file is locked while it is open, and the system releases the lock when the client dies.
 */
export class Vault implements Keeper {
  readonly pins: PinStore;
  /** What a screen shows of it. */
  readonly view: VaultView;
  /** Files on their way. */
  readonly files: OutgoingFiles;
  readonly #database: VaultDatabase;
  readonly #clock: Clock;
  readonly #own: OwnMessageTable;
  #user: UserId | undefined;
  #name: string | undefined;

  private constructor(database: VaultDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    const self = () => this.#self();
    this.pins = pinTable(database);
    this.files = new OutgoingFileTable(database, self);
    this.view = new VaultView(database, () => this.#user);
    this.#own = new OwnMessageTable(database, this.view, self);
    this.#user = this.session()?.user;
    this.#name = this.accountSecret()?.identity.public.name;
  }

  /** Makes a new vault in this file, and deletes what is there already. */
  static create(file: string, key: Uint8Array, clock: Clock): Vault {
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      for (const part of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) rmSync(part, { force: true });
    } catch (cause) {
      throw vaultUnusable(file, cause);
    }
    return Vault.open(file, key, clock);
  }

  /** Opens the vault in this file, which is made if it is missing. The key has 32 bytes; with a wrong one nothing is changed. */
  static open(file: string, key: Uint8Array, clock: Clock): Vault {
    return new Vault(VaultDatabase.open(file, key), clock);
  }

  close(): void {
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
    this.#name = secret.identity.public.name;
  }

  session(): KeptSession | undefined {
    const bytes = this.#fact("session");
    if (!bytes) return undefined;
    const session = parseCbor(bytes, sessionFields);
    if (!session.ok) throw new Error(`the session in the vault cannot be read: ${session.reason}`);
    return session.value;
  }

  saveSession(session: KeptSession | undefined): void {
    if (session) this.#user = session.user;
    if (session) this.#saveFact("session", encode({ user: session.user, token: session.token }));
    else this.#database.run("DELETE FROM facts WHERE key = 'session'");
  }

  groups(): KeptGroup[] {
    return this.#database.all<KeptGroup>(`SELECT id AS "group", cursor FROM groups WHERE left_at IS NULL ORDER BY id`);
  }

  restore(group: GroupId): KeptConversation | undefined {
    const kept = this.#database.get<{ state: Uint8Array | null }>(
      "SELECT suite_state AS state FROM groups WHERE id = ?",
      group,
    );
    if (!kept) return undefined;
    const entries = this.#database.all<{ seq: Seq; at: number | null; bytes: Uint8Array }>(
      "SELECT seq, at, entry AS bytes FROM log_entries WHERE group_id = ? ORDER BY idx",
      group,
    );
    return {
      entries: entries.map(({ at, ...of }) => ({ ...of, at: at ?? undefined })),
      suiteState: kept.state ?? undefined,
    };
  }

  keep(group: GroupId, step: ConversationStep): void {
    const { cursor, oldest, entry, entryAt, title, expireSeconds, suiteState, message, missing } = step;
    let row: RowKey | undefined;
    this.#database.transaction(() => {
      this.#database.run(
        "INSERT INTO groups (id, cursor, known_since) VALUES (?, 0, ?) ON CONFLICT (id) DO NOTHING",
        group,
        this.#clock.now(),
      );
      if (entry) {
        this.#database.run(
          `INSERT INTO log_entries (group_id, idx, seq, at, entry)
           VALUES (?, (SELECT count(*) FROM log_entries WHERE group_id = ?), ?, ?, ?)`,
          group,
          group,
          entry.seq,
          entry.at ?? null,
          entry.bytes,
        );
      }
      if (entryAt) {
        const { seq, at } = entryAt;
        this.#database.run("UPDATE log_entries SET at = ? WHERE group_id = ? AND seq = ?", at, group, seq);
      }
      if (title !== undefined) this.#database.run("UPDATE groups SET title = ? WHERE id = ?", title, group);
      if (expireSeconds !== undefined)
        this.#database.run("UPDATE groups SET expire_seconds = ? WHERE id = ?", expireSeconds, group);
      if (suiteState) this.#database.run("UPDATE groups SET suite_state = ? WHERE id = ?", suiteState, group);
      if (message) row = this.#keepMessage(group, message);
      if (missing) {
        this.#database.run(
          "INSERT OR REPLACE INTO gaps (group_id, from_seq, through_seq) VALUES (?, ?, ?)",
          group,
          missing.from,
          missing.through,
        );
      }
      if (oldest !== undefined)
        this.#database.run("UPDATE groups SET oldest = min(oldest, ?) WHERE id = ?", oldest, group);
      if (cursor !== undefined)
        this.#database.run("UPDATE groups SET cursor = max(cursor, ?) WHERE id = ?", cursor, group);
    });
    if (row !== undefined || entry || entryAt || title !== undefined || missing) this.view.notify(group, row);
  }

  seqOf(group: GroupId, sender: UserId, id: ClientMessageId): Seq | undefined {
    const found = this.#database.get<{ seq: Seq | null }>(
      "SELECT seq FROM messages WHERE group_id = ? AND sender = ? AND client_message_id = ?",
      group,
      sender,
      idBytes(id),
    );
    return found?.seq ?? undefined;
  }

  at(group: GroupId, seq: Seq): MessageName | undefined {
    const found = this.#database.get<{ sender: UserId; id: Uint8Array }>(
      "SELECT sender, client_message_id AS id FROM messages WHERE group_id = ? AND seq = ?",
      group,
      seq,
    );
    return found && { sender: found.sender, clientMessageId: idFrom(found.id) };
  }

  entered(group: GroupId, after: Seq): Seq {
    const kept = this.#database.get<{ cursor: Seq; leftAt: number | null }>(
      "SELECT cursor, left_at AS leftAt FROM groups WHERE id = ?",
      group,
    );
    const goesOn = kept !== undefined && kept.cursor > 0 && (kept.leftAt === null || kept.cursor >= after);
    if (goesOn) {
      if (kept.leftAt !== null) this.#database.run("UPDATE groups SET left_at = NULL WHERE id = ?", group);
    } else {
      // Messages are missing between those kept before and `after`, so the kept range begins anew there.
      this.#database.run(
        `INSERT INTO groups (id, cursor, oldest, known_since) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET cursor = excluded.cursor, oldest = excluded.oldest, left_at = NULL`,
        group,
        after,
        after + 1,
        this.#clock.now(),
      );
    }
    if (!goesOn || kept.leftAt !== null) this.view.notify(group, undefined);
    return goesOn ? kept.cursor : after;
  }

  oldest(group: GroupId): Seq | undefined {
    const kept = this.#database.get<{ oldest: Seq }>("SELECT oldest FROM groups WHERE id = ?", group);
    return kept?.oldest;
  }

  left(group: GroupId): void {
    this.#database.run("UPDATE groups SET left_at = ? WHERE id = ?", this.#clock.now(), group);
    this.view.notify(group, undefined);
  }

  readSeq(group: GroupId): Seq {
    const kept = this.#database.get<{ seq: Seq }>("SELECT read_seq AS seq FROM groups WHERE id = ?", group);
    return kept?.seq ?? seqBeforeFirst;
  }

  readUpTo(group: GroupId, seq: Seq): boolean {
    const moved = this.#database.all(
      "UPDATE groups SET read_seq = ? WHERE id = ? AND read_seq < ? RETURNING id",
      seq,
      group,
      seq,
    );
    if (moved.length > 0) this.view.notify(group, undefined);
    return moved.length > 0;
  }

  expire(group: GroupId, before: number): ReadonlySet<Epoch> {
    this.#database.run(
      "DELETE FROM messages WHERE group_id = ? AND at < ? AND state IN ('sent', 'received', 'unreadable')",
      group,
      before,
    );
    this.view.notify(group, undefined);
    const rows = this.#database.all<{ epoch: Epoch }>(
      "SELECT DISTINCT epoch FROM messages WHERE group_id = ? AND epoch > 0",
      group,
    );
    return new Set(rows.map(({ epoch }) => epoch));
  }

  unsent(): WrittenMessage[] {
    return this.#own.unsent();
  }

  written(message: WrittenMessage): void {
    this.#own.written(message);
  }

  settled(id: ClientMessageId, outcome: KeptOutcome): void {
    this.#own.settled(id, outcome);
  }

  retried(id: ClientMessageId): WrittenMessage | undefined {
    return this.#own.retried(id);
  }

  discarded(id: ClientMessageId): boolean {
    return this.#own.discarded(id);
  }

  #keepMessage(group: GroupId, message: KeptMessage): RowKey | undefined {
    const { seq, sender, clientMessageId: id, epoch, sentAt, content, fault } = message;
    const isOwn = sender === this.#user;
    const isMentioned = content !== undefined && this.#name !== undefined && mentions(wordsOf(content), this.#name);
    const [kept] = this.#database.all<{ row: RowKey }>(
      `INSERT INTO messages (group_id, seq, sender, client_message_id, epoch, at, state, why, content, words, mentions)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (group_id, sender, client_message_id) DO UPDATE
       SET seq = excluded.seq, epoch = excluded.epoch, at = excluded.at, state = excluded.state, why = excluded.why
       RETURNING id AS "row"`,
      group,
      seq,
      sender,
      idBytes(id),
      epoch,
      sentAt,
      fault === undefined ? (isOwn ? "sent" : "received") : "unreadable",
      fault ?? null,
      content ? encodeContent(content) : null,
      content ? wordsIn(content) : null,
      isMentioned ? 1 : 0,
    );
    return kept?.row;
  }

  #self(): UserId {
    if (this.#user === undefined) throw new Error("nobody has logged in to this vault");
    return this.#user;
  }

  #fact(key: string): Uint8Array | undefined {
    return this.#database.get<{ value: Uint8Array }>("SELECT value FROM facts WHERE key = ?", key)?.value;
  }

  #saveFact(key: string, value: Uint8Array): void {
    this.#database.onDisk(() =>
      this.#database.run("INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", key, value),
    );
  }
}
