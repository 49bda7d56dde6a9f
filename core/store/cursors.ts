import type { GroupId, Seq, UserId } from "../wire/ids.ts";
import type { Queryable } from "./database.ts";

export interface ReadCursor {
  readonly group: GroupId;
  readonly user: UserId;
  /** The user has read everything up to this seq. */
  readonly seq: Seq;
}

/** Saves cursors that are ahead of the stored ones, of users who are members; answers those that it saved. */
export async function saveCursors(database: Queryable, cursors: readonly ReadCursor[]): Promise<ReadCursor[]> {
  return database.query<ReadCursor>({
    name: "cursors-save",
    text: `UPDATE memberships AS m SET read_seq = c.seq
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS c (group_id, user_id, seq)
           WHERE m.group_id = c.group_id AND m.user_id = c.user_id AND m.read_seq < c.seq
           RETURNING m.group_id AS "group", m.user_id AS "user", m.read_seq AS seq`,
    values: [cursors.map((c) => c.group), cursors.map((c) => c.user), cursors.map((c) => c.seq)],
  });
}

export async function cursorsOf(database: Queryable, group: GroupId): Promise<{ user: UserId; seq: Seq }[]> {
  return database.query({
    name: "cursors-of",
    text: `SELECT user_id AS "user", read_seq AS seq FROM memberships WHERE group_id = $1 AND read_seq > 0`,
    values: [group],
  });
}
