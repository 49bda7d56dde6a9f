import type { GroupId, Seq } from "../wire/ids.ts";
import { messageTypes } from "../wire/send-frame.ts";
import type { Database, Queryable } from "./database.ts";

export interface ExpiringGroup {
  readonly id: GroupId;
  readonly expireSeconds: number;
}

/** Groups whose messages expire, in the order of their ids. */
export async function expiringGroups(database: Queryable): Promise<ExpiringGroup[]> {
  return database.query<ExpiringGroup>({
    name: "groups-expiring",
    text: `SELECT id, expire_seconds AS "expireSeconds" FROM groups WHERE expire_seconds > 0 ORDER BY id`,
  });
}

const rowsPerStep = 1000;

/**
 * Deletes a group's messages from before a moment, in the order of their seqs, up to the first that has not expired; answers
 * how many. Membership entries stay, since the members follow from them. So do handshake messages: a member who was away needs
 * them for the keys of later messages.
 */
export async function expireMessages(database: Database, group: GroupId, before: number): Promise<number> {
  for (let deleted = 0; ; ) {
    const step = await database.transaction((connection) => expireStep(connection, group, before));
    deleted += step.deleted;
    if (step.scanned < rowsPerStep) return deleted;
  }
}

async function expireStep(connection: Queryable, group: GroupId, before: number) {
  const rows = await connection.query<{ seq: Seq; sentAt: number }>({
    name: "messages-expiring",
    text: `SELECT m.seq, m.sent_at AS "sentAt" FROM messages AS m JOIN groups AS g ON g.id = m.group_id
           WHERE m.group_id = $1 AND m.seq > g.expired_seq ORDER BY m.seq LIMIT $2`,
    values: [group, rowsPerStep],
  });
  const alive = rows.findIndex(({ sentAt }) => sentAt >= before);
  const expired = alive === -1 ? rows : rows.slice(0, alive);
  const [first, last] = [expired.at(0), expired.at(-1)];
  if (!first || !last) return { scanned: 0, deleted: 0 };
  const deleted = await connection.query({
    name: "messages-expire",
    text: "DELETE FROM messages WHERE group_id = $1 AND seq >= $2 AND seq <= $3 AND type = $4 RETURNING seq",
    values: [group, first.seq, last.seq, messageTypes.application],
  });
  await connection.query({
    name: "group-expired",
    text: "UPDATE groups SET expired_seq = greatest(expired_seq, $2) WHERE id = $1",
    values: [group, last.seq],
  });
  return { scanned: expired.length, deleted: deleted.length };
}
