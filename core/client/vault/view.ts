import type { Content } from "../../e2ee/content.ts";
import type { Cancel } from "../../platform/clock.ts";
import type { ClientMessageId, Epoch, GroupId, Seq, UserId } from "../../wire/ids.ts";
import { contentFrom, idFrom } from "./columns.ts";
import { searchExpression } from "./search-form.ts";
import type { VaultDatabase } from "./vault-database.ts";

declare const brand: unique symbol;
/** Names a message in this vault from when it is written or received until it is deleted, and no other message ever. */
export type RowKey = number & { readonly [brand]: "RowKey" };

/** `sent`: the server has acknowledged it. Its seq comes a moment later, when it is delivered. */
export type MessageState = "written" | "sent" | "failed" | "received" | "unreadable";

export interface ShownMessage {
  readonly row: RowKey;
  readonly group: GroupId;
  /** Undefined until the message is delivered. */
  readonly seq: Seq | undefined;
  readonly sender: UserId;
  readonly clientMessageId: ClientMessageId;
  /** Undefined until the message is delivered. */
  readonly epoch: Epoch | undefined;
  /** When the user wrote it, or the server took it in, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly state: MessageState;
  /** Why it failed or cannot be read. */
  readonly why: string | undefined;
  /** Undefined for what cannot be read. */
  readonly content: Content | undefined;
}

export interface ShownGroup {
  readonly group: GroupId;
  /** Undefined while no title could be opened. */
  readonly title: string | undefined;
  /** The message that is shown last. */
  readonly last: ShownMessage | undefined;
  /** Messages of others behind `readSeq`. */
  readonly unread: number;
  /** Those of them that name the user. */
  readonly mentions: number;
  /** The user has read everything up to this seq. */
  readonly readSeq: Seq;
  readonly draft: string;
  /** When the user left or was removed, in milliseconds since the Unix epoch. */
  readonly leftAt: number | undefined;
}

/** A change of a vault: of a message, which may be deleted now, or, without a row, of the group or of many messages. */
export interface VaultChange {
  readonly group: GroupId;
  readonly row: RowKey | undefined;
}

/**
 * What a screen shows of a vault: groups, messages in their order, and the results of a search.
 *
 * Messages of a group are in the order of their seqs; behind them come those without one, in the order in which they were
 * written.
 */
export class VaultView {
  readonly #database: VaultDatabase;
  readonly #user: () => UserId | undefined;
  readonly #listeners = new Set<(change: VaultChange) => void>();

  constructor(database: VaultDatabase, user: () => UserId | undefined) {
    this.#database = database;
    this.#user = user;
  }

  /** Calls `listener` with each change from now on, once it is kept; the result ends that. */
  subscribe(listener: (change: VaultChange) => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The vault calls this when it has kept a change. */
  notify(group: GroupId, row: RowKey | undefined): void {
    for (const listener of this.#listeners) listener({ group, row });
  }

  /** All groups, those that the user has left included; the group with the latest message comes first. */
  groups(): ShownGroup[] {
    const user = this.#user() ?? 0;
    const rows = this.#database.all<GroupRow>(
      `SELECT g.id AS "group", title, read_seq AS readSeq, draft, known_since AS knownSince, left_at AS leftAt,
         (SELECT count(*) FROM messages AS m
          WHERE m.group_id = g.id AND m.seq > g.read_seq AND m.state IN ('received', 'unreadable') AND m.sender <> ?) AS unread,
         (SELECT count(*) FROM messages AS m
          WHERE m.group_id = g.id AND m.seq > g.read_seq AND m.mentions = 1 AND m.sender <> ?) AS mentions,
         coalesce(
           (SELECT m.id FROM messages AS m WHERE m.group_id = g.id AND m.seq IS NULL ORDER BY m.id DESC LIMIT 1),
           (SELECT m.id FROM messages AS m WHERE m.group_id = g.id AND m.seq IS NOT NULL ORDER BY m.seq DESC LIMIT 1)
         ) AS last
       FROM groups AS g`,
      user,
      user,
    );
    const groups = rows.map(({ knownSince, last, title, leftAt, ...row }) => {
      const message = last === null ? undefined : this.message(last);
      const shown = { ...row, title: title ?? undefined, leftAt: leftAt ?? undefined, last: message };
      return { shown, at: message?.at ?? knownSince };
    });
    return groups.sort((a, b) => b.at - a.at).map(({ shown }) => shown);
  }

  /** Undefined when the message has been deleted. */
  message(row: RowKey): ShownMessage | undefined {
    return this.#messages("WHERE id = ?", row)[0];
  }

  /** The last messages of a group, in order. */
  last(group: GroupId, count: number): ShownMessage[] {
    return this.#upTo(group, undefined, count);
  }

  /** The messages before one, in order; none when that has been deleted. */
  before(row: RowKey, count: number): ShownMessage[] {
    const position = this.#positionOf(row);
    return position ? this.#upTo(position.group, position, count) : [];
  }

  /** The messages behind one, in order; none when that has been deleted. */
  after(row: RowKey, count: number): ShownMessage[] {
    const position = this.#positionOf(row);
    return position ? this.#from(position, count) : [];
  }

  /** A message and those around it, in order, half on each side where there are so many; none when it has been deleted. */
  around(row: RowKey, count: number): ShownMessage[] {
    const message = this.message(row);
    if (!message) return [];
    const before = this.before(row, count - 1);
    const after = this.after(row, count - 1);
    const half = Math.floor((count - 1) / 2);
    const behind = Math.min(after.length, Math.max(count - 1 - half, count - 1 - before.length));
    return [...before.slice(Math.max(0, before.length - (count - 1 - behind))), message, ...after.slice(0, behind)];
  }

  /**
   * Messages with all of these words, the last of which need not be finished, newest first. Signs are ignored, and a text
   * without a word finds nothing.
   */
  search(typed: string, { group, count }: { readonly group?: GroupId; readonly count: number }): ShownMessage[] {
    const expression = searchExpression(typed);
    if (expression === undefined) return [];
    return this.#messages(
      `WHERE id IN (
         SELECT m.id FROM message_words AS w JOIN messages AS m ON m.id = w.rowid
         WHERE message_words MATCH ? AND (? IS NULL OR m.group_id = ?)
         ORDER BY m.at DESC, m.seq DESC LIMIT ?
       ) ORDER BY at DESC, seq DESC`,
      expression,
      group ?? null,
      group ?? null,
      count,
    );
  }

  /** The messages that wait to be sent, in the order in which they were written. */
  waiting(): ShownMessage[] {
    return this.#messages("WHERE state = 'written' ORDER BY id");
  }

  draft(group: GroupId): string {
    const found = this.#database.get<{ draft: string }>("SELECT draft FROM groups WHERE id = ?", group);
    return found?.draft ?? "";
  }

  /** Keeps the text that the user has begun to write to a group. */
  saveDraft(group: GroupId, draft: string): void {
    this.#database.run("UPDATE groups SET draft = ? WHERE id = ?", draft, group);
    this.notify(group, undefined);
  }

  #upTo(group: GroupId, end: Position | undefined, count: number): ShownMessage[] {
    const { seq = null, row } = end ?? {};
    const endRow = row ?? Number.MAX_SAFE_INTEGER;
    const withoutSeq =
      seq === null
        ? this.#messages("WHERE group_id = ? AND seq IS NULL AND id < ? ORDER BY id DESC LIMIT ?", group, endRow, count)
        : [];
    const endSeq = seq ?? Number.MAX_SAFE_INTEGER;
    const withSeq = this.#messages(
      "WHERE group_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
      group,
      endSeq,
      count - withoutSeq.length,
    );
    return [...withoutSeq, ...withSeq].reverse();
  }

  #from({ group, seq, row }: Position, count: number): ShownMessage[] {
    const withSeq =
      seq === null ? [] : this.#messages("WHERE group_id = ? AND seq > ? ORDER BY seq LIMIT ?", group, seq, count);
    const withoutSeq = this.#messages(
      "WHERE group_id = ? AND seq IS NULL AND id > ? ORDER BY id LIMIT ?",
      group,
      seq === null ? row : 0,
      count - withSeq.length,
    );
    return [...withSeq, ...withoutSeq];
  }

  #positionOf(row: RowKey): Position | undefined {
    return this.#database.get<Position>(`SELECT id AS "row", group_id AS "group", seq FROM messages WHERE id = ?`, row);
  }

  #messages(which: string, ...values: readonly (string | number | null)[]): ShownMessage[] {
    const rows = this.#database.all<MessageRow>(
      `SELECT id AS "row", group_id AS "group", seq, sender, client_message_id AS id, epoch, at, state, why, content
       FROM messages ${which}`,
      ...values,
    );
    return rows.map(({ id, seq, epoch, why, content, ...row }) => ({
      ...row,
      seq: seq ?? undefined,
      epoch: epoch === 0 ? undefined : epoch,
      clientMessageId: idFrom(id),
      why: why ?? undefined,
      content: content === null ? undefined : contentFrom(content),
    }));
  }
}

interface Position {
  readonly row: RowKey;
  readonly group: GroupId;
  readonly seq: Seq | null;
}

interface GroupRow {
  readonly group: GroupId;
  readonly title: string | null;
  readonly readSeq: Seq;
  readonly draft: string;
  readonly knownSince: number;
  readonly leftAt: number | null;
  readonly unread: number;
  readonly mentions: number;
  readonly last: RowKey | null;
}

interface MessageRow {
  readonly row: RowKey;
  readonly group: GroupId;
  readonly seq: Seq | null;
  readonly sender: UserId;
  readonly id: Uint8Array;
  readonly epoch: Epoch | 0;
  readonly at: number;
  readonly state: MessageState;
  readonly why: string | null;
  readonly content: Uint8Array | null;
}
