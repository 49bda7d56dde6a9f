import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { encode } from "cborg";
import { type AccountSecret, decodeAccountSecret, encodeAccountSecret } from "../../e2ee/account-secret.ts";
import { type Content, encodeContent, wordsOf } from "../../e2ee/content.ts";
import { systemClock } from "../../platform/clock.ts";
import { decodeCbor } from "../../wire/cbor.ts";
import type { ClientMessageId, Epoch, GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { OutgoingFile, OutgoingFiles } from "../files/file-transfers.ts";
import type {
  ConversationStep,
  Keeper,
  KeptConversation,
  KeptGroup,
  KeptMessage,
  MessageName,
  WrittenMessage,
} from "../group/keeper.ts";
import type { Pin, PinStore } from "../people/trust.ts";
import { mentions } from "../text/mentions.ts";
import { contentFrom, idBytes, idFrom } from "./columns.ts";
import { searchForm } from "./search-form.ts";
import { VaultDatabase, vaultUnusable } from "./vault-database.ts";
import { type RowKey, VaultView } from "./view.ts";

/** A session to go on with. */
export interface KeptSession {
  readonly user: UserId;
  readonly token: Uint8Array;
}

/**
 * A person's local database: identity, pins, groups with their keys, messages and outbox in one encrypted file (SQLite's
 * form, by libsql). What the user has seen as written or received is in it, whatever crashes: what they write is on disk
 * before they see it taken; what they receive comes again from the server if the power fails before it is.
 *
 * One client at a time: the file is locked as long as it is open, and the system lets go of it when the client dies.
 */
export class Vault implements Keeper, OutgoingFiles {
  readonly pins: PinStore;
  /** What a person sees of it. */
  readonly view: VaultView;
  readonly #database: VaultDatabase;
  #user: UserId | undefined;
  #name: string | undefined;

  private constructor(database: VaultDatabase) {
    this.#database = database;
    this.pins = pinStore(database);
    this.view = new VaultView(database, () => this.#user);
    this.#user = this.session()?.user;
    this.#name = this.accountSecret()?.identity.public.name;
  }

  /** A new vault in this file; what is there already is given up. */
  static create(file: string, key: Uint8Array): Vault {
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      for (const part of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) rmSync(part, { force: true });
    } catch (cause) {
      throw vaultUnusable(file, cause);
    }
    return Vault.open(file, key);
  }

  /** Opens the vault in this file, which is made if it is missing. The key has 32 bytes; a wrong one changes nothing. */
  static open(file: string, key: Uint8Array): Vault {
    return new Vault(VaultDatabase.open(file, key));
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
    return bytes && (decodeCbor(bytes) as KeptSession);
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
    const kept = this.#database.get("SELECT suite_state AS state FROM groups WHERE id = ?", group) as
      | { state: Uint8Array | null }
      | undefined;
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
        systemClock.now(),
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
    if (row !== undefined || entry || entryAt || title !== undefined || missing) this.view.tell(group, row);
  }

  seqOf(group: GroupId, sender: UserId, id: ClientMessageId): Seq | undefined {
    const found = this.#database.get(
      "SELECT seq FROM messages WHERE group_id = ? AND sender = ? AND client_message_id = ?",
      group,
      sender,
      idBytes(id),
    ) as { seq: Seq | null } | undefined;
    return found?.seq ?? undefined;
  }

  at(group: GroupId, seq: Seq): MessageName | undefined {
    const found = this.#database.get(
      "SELECT sender, client_message_id AS id FROM messages WHERE group_id = ? AND seq = ?",
      group,
      seq,
    ) as { sender: UserId; id: Uint8Array } | undefined;
    return found && { sender: found.sender, clientMessageId: idFrom(found.id) };
  }

  entered(group: GroupId, after: Seq): Seq {
    const kept = this.#database.get("SELECT cursor, left_at AS leftAt FROM groups WHERE id = ?", group) as
      | { cursor: Seq; leftAt: number | null }
      | undefined;
    const goesOn = kept !== undefined && kept.cursor > 0 && (kept.leftAt === null || kept.cursor >= after);
    if (goesOn) {
      if (kept.leftAt !== null) this.#database.run("UPDATE groups SET left_at = NULL WHERE id = ?", group);
    } else {
      // What came while the user was away from the group is not there, and so nothing before counts.
      this.#database.run(
        `INSERT INTO groups (id, cursor, oldest, known_since) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET cursor = excluded.cursor, oldest = excluded.oldest, left_at = NULL`,
        group,
        after,
        after + 1,
        systemClock.now(),
      );
    }
    if (!goesOn || kept.leftAt !== null) this.view.tell(group, undefined);
    return goesOn ? kept.cursor : after;
  }

  oldest(group: GroupId): Seq | undefined {
    const kept = this.#database.get("SELECT oldest FROM groups WHERE id = ?", group) as { oldest: Seq } | undefined;
    return kept?.oldest;
  }

  left(group: GroupId): void {
    this.#database.run("UPDATE groups SET left_at = ? WHERE id = ?", systemClock.now(), group);
    this.view.tell(group, undefined);
  }

  readSeq(group: GroupId): Seq {
    const kept = this.#database.get("SELECT read_seq AS seq FROM groups WHERE id = ?", group) as
      | { seq: Seq }
      | undefined;
    return kept?.seq ?? (0 as Seq);
  }

  readUpTo(group: GroupId, seq: Seq): boolean {
    const moved = this.#database.all(
      "UPDATE groups SET read_seq = ? WHERE id = ? AND read_seq < ? RETURNING id",
      seq,
      group,
      seq,
    );
    if (moved.length > 0) this.view.tell(group, undefined);
    return moved.length > 0;
  }

  expire(group: GroupId, before: number): ReadonlySet<Epoch> {
    this.#database.run(
      "DELETE FROM messages WHERE group_id = ? AND at < ? AND state IN ('sent', 'received', 'unreadable')",
      group,
      before,
    );
    this.view.tell(group, undefined);
    const rows = this.#database.all<{ epoch: Epoch }>(
      "SELECT DISTINCT epoch FROM messages WHERE group_id = ? AND epoch > 0",
      group,
    );
    return new Set(rows.map(({ epoch }) => epoch));
  }

  unsent(): WrittenMessage[] {
    const rows = this.#database.all<{ id: Uint8Array; group: GroupId; content: Uint8Array; writtenAt: number }>(
      `SELECT client_message_id AS id, group_id AS "group", content, at AS writtenAt FROM messages
       WHERE state = 'written' ORDER BY id`,
    );
    return rows.map(({ id, content, ...row }) => ({ ...row, id: idFrom(id), content: contentFrom(content) }));
  }

  written({ id, group, content, writtenAt }: WrittenMessage): void {
    const [kept] = this.#database.onDisk(() =>
      this.#database.all<{ row: RowKey }>(
        `INSERT INTO messages (group_id, sender, client_message_id, epoch, at, state, content, words)
         VALUES (?, ?, ?, 0, ?, 'written', ?, ?) RETURNING id AS "row"`,
        group,
        this.#self(),
        idBytes(id),
        writtenAt,
        encodeContent(content),
        wordsIn(content),
      ),
    );
    this.view.tell(group, kept?.row);
  }

  settled(id: ClientMessageId, outcome: { ok: true; seq: Seq } | { ok: false; why: string }): void {
    // The place itself comes with the message, when it is delivered like any other.
    const [state, why] = outcome.ok ? ["sent", null] : ["failed", outcome.why];
    const rows = this.#database.all<ChangedRow>(
      `UPDATE messages SET state = ?, why = ? WHERE sender = ? AND client_message_id = ? AND state = 'written'
       RETURNING id AS "row", group_id AS "group"`,
      state,
      why,
      this.#self(),
      idBytes(id),
    );
    for (const { group, row } of rows) this.view.tell(group, row);
  }

  retried(id: ClientMessageId): WrittenMessage | undefined {
    const [row] = this.#database.onDisk(() =>
      this.#database.all<ChangedRow & { content: Uint8Array; writtenAt: number }>(
        `UPDATE messages SET state = 'written', why = NULL
         WHERE sender = ? AND client_message_id = ? AND state = 'failed'
         RETURNING id AS "row", group_id AS "group", content, at AS writtenAt`,
        this.#self(),
        idBytes(id),
      ),
    );
    if (!row) return undefined;
    this.view.tell(row.group, row.row);
    return { id, group: row.group, content: contentFrom(row.content), writtenAt: row.writtenAt };
  }

  discarded(id: ClientMessageId): boolean {
    let rows: ChangedRow[] = [];
    this.#database.transaction(() => {
      rows = this.#database.all<ChangedRow>(
        `DELETE FROM messages WHERE sender = ? AND client_message_id = ? AND state = 'failed'
         RETURNING id AS "row", group_id AS "group"`,
        this.#self(),
        idBytes(id),
      );
      // Or its file would be sent again by the next run.
      if (rows.length > 0) this.#database.run("DELETE FROM outgoing_files WHERE client_message_id = ?", idBytes(id));
    });
    for (const { group, row } of rows) this.view.tell(group, row);
    return rows.length > 0;
  }

  outgoingFiles(): OutgoingFile[] {
    const rows = this.#database.all<Omit<OutgoingFile, "message" | "keepMetadata" | "text"> & OutgoingFileRow>(
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
    this.#database.onDisk(() =>
      this.#database.run(
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
    this.#database.run("DELETE FROM outgoing_files WHERE attachment = ?", attachment);
  }

  #keepMessage(group: GroupId, message: KeptMessage): RowKey | undefined {
    const { seq, sender, clientMessageId: id, epoch, sentAt, content, fault } = message;
    const isOwn = sender === this.#user;
    const isMentioned =
      content !== undefined && this.#name !== undefined && mentions(wordsOf(content) ?? "", this.#name);
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
    return (this.#database.get("SELECT value FROM facts WHERE key = ?", key) as { value: Uint8Array } | undefined)
      ?.value;
  }

  #saveFact(key: string, value: Uint8Array): void {
    this.#database.onDisk(() =>
      this.#database.run("INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", key, value),
    );
  }
}

interface ChangedRow {
  readonly group: GroupId;
  readonly row: RowKey;
}

/** What of a content is found by its words. */
function wordsIn(content: Content): string | null {
  const words = wordsOf(content);
  return words === undefined ? null : searchForm(words);
}

interface OutgoingFileRow {
  readonly message: Uint8Array;
  readonly keepMetadata: number;
  readonly text: string | null;
}

interface PinRow {
  readonly name: string;
  readonly user: UserId;
  readonly identity: Uint8Array;
  readonly verified: number;
  readonly former: Uint8Array;
  readonly changedUser: UserId | null;
  readonly changedIdentity: Uint8Array | null;
}

function pinStore(database: VaultDatabase): PinStore {
  const columns = `name, user_id AS "user", identity, verified, former, changed_user AS changedUser, changed_identity AS changedIdentity`;
  return {
    byName: (name) => pinFrom(database.get(`SELECT ${columns} FROM people WHERE name = ?`, name) as PinRow | undefined),
    byUser: (user) =>
      pinFrom(database.get(`SELECT ${columns} FROM people WHERE user_id = ?`, user) as PinRow | undefined),
    all: () => database.all<PinRow>(`SELECT ${columns} FROM people ORDER BY name`).map((row) => pinFrom(row)),
    save: ({ name, user, identity, verified, former, changed }) =>
      database.run(
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
