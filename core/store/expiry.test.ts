import assert from "node:assert/strict";
import { test } from "node:test";
import { openFreshDatabase } from "../testing/database.ts";
import { insertGroup } from "../testing/stored-group.ts";
import { type GroupId, groupId } from "../wire/ids.ts";
import type { Database } from "./database.ts";
import { expireMessages, expiringGroups } from "./expiry.ts";

async function fill(
  database: Database,
  id: GroupId,
  expireSeconds: number,
  sentAts: readonly number[],
  entriesAt: readonly number[] = [],
  handshakesAt: readonly number[] = [],
) {
  await insertGroup(database, id, { lastSeq: sentAts.length, expireSeconds });
  await database.query({
    text: `INSERT INTO messages (group_id, seq, sender_id, client_message_id, epoch, type, sent_at, payload)
           SELECT $1, seq, 1, seq, 1, CASE WHEN seq = ANY ($3::bigint[]) THEN 1 WHEN seq = ANY ($4::bigint[]) THEN 2 ELSE 0 END, sent_at, ''
           FROM unnest($2::bigint[]) WITH ORDINALITY AS t (sent_at, seq)`,
    values: [id, sentAts, entriesAt, handshakesAt],
  });
}

async function seqsOf(database: Database, id: GroupId): Promise<number[]> {
  const rows = await database.query<{ seq: number }>({
    text: "SELECT seq FROM messages WHERE group_id = $1 ORDER BY seq",
    values: [id],
  });
  return rows.map(({ seq }) => seq);
}

test("messages from before the moment are deleted; membership entries, handshake messages and later messages stay", async () => {
  const database = await openFreshDatabase();
  const id = groupId(7);
  await fill(database, id, 60, [10, 20, 30, 40, 50, 60], [1, 3], [4]);
  await fill(database, groupId(8), 0, [10, 20]);
  assert.deepEqual(await expiringGroups(database), [{ id, expireSeconds: 60 }]);
  assert.equal(await expireMessages(database, id, 45), 1);
  assert.deepEqual(await seqsOf(database, id), [1, 3, 4, 5, 6]);
  assert.deepEqual(await seqsOf(database, groupId(8)), [1, 2]);
  assert.equal(await expireMessages(database, id, 45), 0, "once is enough");
  assert.equal(await expireMessages(database, id, 55), 1);
  assert.deepEqual(await seqsOf(database, id), [1, 3, 4, 6]);
});

test("however many messages have expired, all are deleted; where a clock stepped back, only later messages wait longer", async () => {
  const database = await openFreshDatabase();
  const many = groupId(1);
  await fill(
    database,
    many,
    1,
    Array.from({ length: 2500 }, (_, i) => i),
  );
  assert.equal(await expireMessages(database, many, 2400), 2400);
  assert.equal((await seqsOf(database, many))[0], 2401);
  const stepped = groupId(2);
  await fill(database, stepped, 1, [10, 100, 20]);
  assert.equal(await expireMessages(database, stepped, 50), 1);
  assert.equal(await expireMessages(database, stepped, 101), 2);
});
