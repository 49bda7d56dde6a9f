import type { Queryable } from "../store/database.ts";

/** Puts a group's row into the database, as if somebody had founded the group: it has no members and no log. */
export async function insertGroup(
  database: Queryable,
  id: number,
  { epoch = 1, lastSeq = 0, expireSeconds = 0 } = {},
): Promise<void> {
  await database.query({
    text: `INSERT INTO groups (id, epoch, last_seq, keyed, log_length, log_head, suite, history, expire_seconds)
           VALUES ($1, $2, $3, true, 1, '', 'none', false, $4)`,
    values: [id, epoch, lastSeq, expireSeconds],
  });
}
