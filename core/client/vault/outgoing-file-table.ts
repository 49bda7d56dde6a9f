import type { UserId } from "../../wire/ids.ts";
import type { OutgoingFile, OutgoingFiles } from "../files/file-transfers.ts";
import { idBytes, idFrom } from "./columns.ts";
import type { VaultDatabase } from "./vault-database.ts";

/** The files on their way that a vault keeps. */
export class OutgoingFileTable implements OutgoingFiles {
  readonly #database: VaultDatabase;
  readonly #user: () => UserId;

  constructor(database: VaultDatabase, user: () => UserId) {
    this.#database = database;
    this.#user = user;
  }

  unsent(): OutgoingFile[] {
    const rows = this.#database.all<Omit<OutgoingFile, "message" | "keepMetadata" | "text"> & OutgoingFileRow>(
      `SELECT attachment, key, group_id AS "group", client_message_id AS message, file, keep_metadata AS keepMetadata,
              text, hash
       FROM outgoing_files AS o WHERE NOT EXISTS (
         SELECT 1 FROM messages AS m
         WHERE m.group_id = o.group_id AND m.sender = ? AND m.client_message_id = o.client_message_id
       )`,
      this.#user(),
    );
    return rows.map(({ message, keepMetadata, text, ...row }) => ({
      ...row,
      message: idFrom(message),
      keepMetadata: keepMetadata === 1,
      text: text ?? undefined,
    }));
  }

  begun({ attachment, key, group, message, file, keepMetadata, text, hash }: OutgoingFile): void {
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

  ended(attachment: Uint8Array): void {
    this.#database.run("DELETE FROM outgoing_files WHERE attachment = ?", attachment);
  }
}

interface OutgoingFileRow {
  readonly message: Uint8Array;
  readonly keepMetadata: number;
  readonly text: string | null;
}
