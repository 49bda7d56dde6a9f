import { encodeContent } from "../../e2ee/content.ts";
import type { ClientMessageId, GroupId, UserId } from "../../wire/ids.ts";
import type { KeptOutcome, WrittenMessage } from "../group/keeper.ts";
import { contentFrom, idBytes, idFrom, wordsIn } from "./columns.ts";
import type { VaultDatabase } from "./vault-database.ts";
import type { RowKey, VaultView } from "./view.ts";

/** The user's own messages in a vault, from when they are written until their outcome is known. */
export class OwnMessageTable {
  readonly #database: VaultDatabase;
  readonly #view: VaultView;
  readonly #user: () => UserId;

  constructor(database: VaultDatabase, view: VaultView, user: () => UserId) {
    this.#database = database;
    this.#view = view;
    this.#user = user;
  }

  unsent(): WrittenMessage[] {
    const rows = this.#database.all<{ id: Uint8Array; group: GroupId; content: Uint8Array; writtenAt: number }>(
      `SELECT client_message_id AS id, group_id AS "group", content, at AS writtenAt FROM messages
       WHERE state = 'written' ORDER BY messages.id`,
    );
    return rows.map(({ id, content, ...row }) => ({ ...row, id: idFrom(id), content: contentFrom(content) }));
  }

  written({ id, group, content, writtenAt }: WrittenMessage): void {
    const [kept] = this.#database.onDisk(() =>
      this.#database.all<{ row: RowKey }>(
        `INSERT INTO messages (group_id, sender, client_message_id, epoch, at, state, content, words)
         VALUES (?, ?, ?, 0, ?, 'written', ?, ?) RETURNING id AS "row"`,
        group,
        this.#user(),
        idBytes(id),
        writtenAt,
        encodeContent(content),
        wordsIn(content),
      ),
    );
    this.#view.notify(group, kept?.row);
  }

  settled(id: ClientMessageId, outcome: KeptOutcome): void {
    // The seq is kept when the message is delivered.
    const [state, why] = outcome.ok ? ["sent", null] : ["failed", outcome.why];
    const rows = this.#database.all<ChangedRow>(
      `UPDATE messages SET state = ?, why = ? WHERE sender = ? AND client_message_id = ? AND state = 'written'
       RETURNING id AS "row", group_id AS "group"`,
      state,
      why,
      this.#user(),
      idBytes(id),
    );
    for (const { group, row } of rows) this.#view.notify(group, row);
  }

  retried(id: ClientMessageId): WrittenMessage | undefined {
    const [row] = this.#database.onDisk(() =>
      this.#database.all<ChangedRow & { content: Uint8Array; writtenAt: number }>(
        `UPDATE messages SET state = 'written', why = NULL
         WHERE sender = ? AND client_message_id = ? AND state = 'failed'
         RETURNING id AS "row", group_id AS "group", content, at AS writtenAt`,
        this.#user(),
        idBytes(id),
      ),
    );
    if (!row) return undefined;
    this.#view.notify(row.group, row.row);
    return { id, group: row.group, content: contentFrom(row.content), writtenAt: row.writtenAt };
  }

  discarded(id: ClientMessageId): boolean {
    let rows: ChangedRow[] = [];
    this.#database.transaction(() => {
      rows = this.#database.all<ChangedRow>(
        `DELETE FROM messages WHERE sender = ? AND client_message_id = ? AND state IN ('failed', 'written')
         RETURNING id AS "row", group_id AS "group"`,
        this.#user(),
        idBytes(id),
      );
      // Otherwise the next run would send its file again.
      if (rows.length > 0) this.#database.run("DELETE FROM outgoing_files WHERE client_message_id = ?", idBytes(id));
    });
    for (const { group, row } of rows) this.#view.notify(group, row);
    return rows.length > 0;
  }
}

interface ChangedRow {
  readonly group: GroupId;
  readonly row: RowKey;
}
