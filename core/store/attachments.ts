import { from as copyFrom } from "pg-copy-streams";
import type { GroupId, UserId } from "../wire/ids.ts";
import { copiedValues, copyEnd, copyRow, copySignature, uint32 } from "./copy-binary.ts";
import { type DatabaseAccess, type Queryable, sqlState, uniqueViolation } from "./database.ts";

export interface AttachmentRecord {
  readonly id: Uint8Array;
  readonly group: GroupId;
  readonly owner: UserId;
  /** Bytes of the file before sealing. */
  readonly size: number;
  readonly complete: boolean;
}

export async function findAttachment(database: Queryable, id: Uint8Array): Promise<AttachmentRecord | undefined> {
  const [row] = await database.query<AttachmentRecord>({
    name: "attachment-find",
    text: `SELECT id, group_id AS "group", owner_id AS owner, size, completed_at IS NOT NULL AS complete
           FROM attachments WHERE id = $1`,
    values: [id],
  });
  return row;
}

/**
 * Begins an attachment, or finds the one that was begun under this id; refused when the owner's files would take more than
 * `quotaBytes`. It locks the owner's row, so two attachments that begin at once cannot both pass where only one fits.
 */
export async function beginAttachment(
  database: DatabaseAccess,
  begun: Omit<AttachmentRecord, "complete">,
  quotaBytes: number,
): Promise<AttachmentRecord | "over_quota"> {
  return database.transaction(async (connection) => {
    await connection.query({ text: "SELECT 1 FROM users WHERE id = $1 FOR UPDATE", values: [begun.owner] });
    const existing = await findAttachment(connection, begun.id);
    if (existing) return existing;
    const [used] = await connection.query<{ bytes: number }>({
      text: "SELECT coalesce(sum(size), 0)::bigint AS bytes FROM attachments WHERE owner_id = $1",
      values: [begun.owner],
    });
    if ((used?.bytes ?? 0) + begun.size > quotaBytes) return "over_quota";
    await connection.query({
      text: "INSERT INTO attachments (id, group_id, owner_id, size) VALUES ($1, $2, $3, $4)",
      values: [begun.id, begun.group, begun.owner, begun.size],
    });
    return { ...begun, complete: false };
  });
}

/** The indices of an attachment's stored chunks, in order. */
export async function storedChunks(database: Queryable, id: Uint8Array): Promise<number[]> {
  const rows = await database.query<{ index: number }>({
    name: "attachment-chunks",
    text: "SELECT index FROM attachment_chunks WHERE attachment_id = $1 ORDER BY index",
    values: [id],
  });
  return rows.map(({ index }) => index);
}

/** Stores a chunk, by COPY in binary form; a chunk that is stored already stays as it is. */
export async function storeChunk(
  database: DatabaseAccess,
  id: Uint8Array,
  index: number,
  bytes: Uint8Array,
): Promise<void> {
  try {
    const stream = copyFrom("COPY attachment_chunks (attachment_id, index, bytes) FROM STDIN WITH (FORMAT binary)");
    await database.copy(stream, [copySignature, ...copyRow(id, uint32(index), bytes), copyEnd]);
  } catch (cause) {
    if (sqlState(cause) !== uniqueViolation) throw cause;
  }
}

/** Marks an attachment as complete; answers false, and changes nothing, when chunks are missing. */
export async function completeAttachment(database: Queryable, id: Uint8Array, chunks: number): Promise<boolean> {
  const rows = await database.query({
    name: "attachment-complete",
    text: `UPDATE attachments SET completed_at = coalesce(completed_at, now())
           WHERE id = $1 AND (SELECT count(*) FROM attachment_chunks WHERE attachment_id = $1) = $2 RETURNING id`,
    values: [id, chunks],
  });
  return rows.length > 0;
}

/** The stored chunks with `count` indices from `from` on, in order. */
export async function readChunks(
  database: DatabaseAccess,
  { id, from, count }: { id: Uint8Array; from: number; count: number },
): Promise<Uint8Array[]> {
  const hex = Buffer.from(id).toString("hex");
  const copied = await database.copyOut(
    `SELECT bytes FROM attachment_chunks
     WHERE attachment_id = '\\x${hex}' AND index >= ${from} AND index < ${from + count} ORDER BY index`,
  );
  return copiedValues(copied);
}

/** Removes an attachment with its chunks. */
export async function removeAttachment(database: Queryable, id: Uint8Array): Promise<void> {
  await database.query({
    text: `WITH chunks AS (DELETE FROM attachment_chunks WHERE attachment_id = $1)
           DELETE FROM attachments WHERE id = $1`,
    values: [id],
  });
}

/** Removes attachments that expired with their group's messages, or whose upload was given up; answers how many. */
export async function removeStaleAttachments(
  database: DatabaseAccess,
  { now, uploadMsMax }: { now: Date; uploadMsMax: number },
): Promise<number> {
  const removed = await database.query<{ id: Uint8Array }>({
    text: `WITH stale AS (
             SELECT a.id FROM attachments AS a LEFT JOIN groups AS g ON g.id = a.group_id
             WHERE (a.completed_at IS NULL AND a.created_at < $1::timestamptz - $2 * interval '1 millisecond')
                OR (g.expire_seconds > 0 AND a.created_at < $1::timestamptz - g.expire_seconds * interval '1 second')
             LIMIT 100
           ), chunks AS (DELETE FROM attachment_chunks WHERE attachment_id IN (SELECT id FROM stale))
           DELETE FROM attachments WHERE id IN (SELECT id FROM stale) RETURNING id`,
    values: [now, uploadMsMax],
  });
  return removed.length;
}
