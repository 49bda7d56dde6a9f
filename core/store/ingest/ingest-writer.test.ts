import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { seededRandom } from "../../platform/random.ts";
import { freshDatabase } from "../../testing/database.ts";
import { insertGroup } from "../../testing/stored-group.ts";
import { clientMessageId, epoch, groupId, userId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { Database } from "../database.ts";
import { type CommitPath, IngestWriter } from "./ingest-writer.ts";
import type { IncomingMessage, RowBatch } from "./row-batch.ts";

interface Outcome {
  readonly seq: number;
  readonly fault: string | undefined;
  readonly fresh: boolean;
  readonly sentAt: number;
}

/** A writer on a database of its own, whose `append` resolves with the row's outcome. */
async function openWriter(
  t: { after(action: () => Promise<void>): void },
  options: { statementRowsMax?: number } = {},
) {
  const url = await freshDatabase();
  const database = new Database(url, { connectionsMax: 2, log: silentLog });
  const paths: CommitPath[] = [];
  const writer = new IngestWriter<(outcome: Outcome) => void>(
    {
      url,
      rowsMax: 10_000,
      bytesMax: 4_000_000,
      statementRowsMax: options.statementRowsMax ?? 100,
      commitSpacingMs: 0,
    },
    {
      settled(batch: RowBatch<(outcome: Outcome) => void>) {
        for (let row = 0; row < batch.count; row++) {
          const answer = batch.ticket(row);
          const { faults, fresh } = batch;
          const sentAt = batch.sentAt(row);
          answer({ seq: batch.seq(row), fault: faults[row]?.code, fresh: fresh[row] === true, sentAt });
        }
      },
      committed: ({ path }) => paths.push(path),
    },
    { clock: systemClock, random: seededRandom(1), log: silentLog },
  );
  await writer.open();
  t.after(async () => {
    await writer.close();
    await database.close();
  });
  const append = (message: IncomingMessage) =>
    new Promise<Outcome>((resolve, reject) => {
      if (!writer.append(message, resolve)) reject(new Error("full"));
    });
  return { writer, append, database, paths };
}

/** Each stored message as group, seq and id; fails when a group's last seq is not that of its last message. */
async function stored(database: Database): Promise<string[]> {
  const rows = await database.query<{ name: string }>({
    text: `SELECT format('%s/%s: %s', group_id, seq, client_message_id) AS name FROM messages ORDER BY group_id, seq`,
  });
  const groups = await database.query<{ counted: number; kept: number }>({
    text: `SELECT last_seq::integer AS kept, (SELECT count(*)::integer FROM messages WHERE group_id = id) AS counted FROM groups`,
  });
  for (const { counted, kept } of groups) assert.equal(kept, counted, "the group's last seq");
  return rows.map(({ name }) => name);
}

function message(group: number, id: number, of: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    group: groupId(group),
    sender: userId(7),
    clientMessageId: clientMessageId(BigInt(id)),
    epoch: epoch(1),
    type: 0,
    sentAt: 1_700_000_000_000 + id,
    payload: Buffer.from(`message ${id}`),
    resend: false,
    turn: 0,
    ...of,
  };
}

for (const [path, statementRowsMax] of [
  ["statement", 100],
  ["copy", 0],
] as const) {
  test(`messages get dense seqs in the order in which they came, group by group (${path})`, async (t) => {
    const { append, database, paths } = await openWriter(t, { statementRowsMax });
    await insertGroup(database, 1);
    await insertGroup(database, 2);
    const outcomes = await Promise.all([1, 2, 1, 1, 2].map((group, i) => append(message(group, i))));
    assert.deepEqual(
      outcomes.map(({ seq }) => seq),
      [1, 1, 2, 3, 2],
    );
    assert.ok(outcomes.every(({ fresh, fault }) => fresh && fault === undefined));
    assert.deepEqual([...new Set(paths)], [path]);
    const rows = await database.query<{ payload: Buffer }>({
      text: `SELECT group_id, seq, client_message_id, sent_at, payload FROM messages ORDER BY group_id, seq`,
    });
    assert.deepEqual(
      rows.map((row) => ({ ...row, payload: String(row.payload) })),
      (
        [
          [1, 1, 0],
          [1, 2, 2],
          [1, 3, 3],
          [2, 1, 1],
          [2, 2, 4],
        ] as const
      ).map(([group_id, seq, id]) => ({
        group_id,
        seq,
        client_message_id: id,
        sent_at: 1_700_000_000_000 + id,
        payload: `message ${id}`,
      })),
    );
  });

  test(`a row of a stale epoch and one of a group that does not exist fail alone (${path})`, async (t) => {
    const { append, database } = await openWriter(t, { statementRowsMax });
    await insertGroup(database, 1, { epoch: 2 });
    const outcomes = await Promise.all([
      append(message(1, 1, { epoch: epoch(2) })),
      append(message(1, 2, { epoch: epoch(1) })),
      append(message(99, 3)),
      append(message(1, 4, { epoch: epoch(2) })),
    ]);
    assert.deepEqual(
      outcomes.map(({ seq, fault }) => fault ?? seq),
      [1, "stale_epoch", "not_a_member", 2],
    );
    assert.deepEqual(await stored(database), ["1/1: 1", "1/2: 4"]);
  });

  test(`in an epoch without a key handshake messages are taken, and no others (${path})`, async (t) => {
    const { append, database, paths } = await openWriter(t, { statementRowsMax });
    await insertGroup(database, 1);
    await database.query({ text: "UPDATE groups SET keyed = false WHERE id = 1" });
    const { application, handshake } = messageTypes;
    const types = [application, handshake, application, handshake];
    const outcomes = await Promise.all(types.map((type, i) => append(message(1, i, { type }))));
    assert.deepEqual(
      outcomes.map(({ seq, fault }) => fault ?? seq),
      ["rekey_needed", 1, "rekey_needed", 2],
    );
    assert.deepEqual(await stored(database), ["1/1: 1", "1/2: 3"]);
    assert.deepEqual([...new Set(paths)], [path]);
  });
}

test("a resend gets the seq and the time that the message has, and is not delivered again", async (t) => {
  const { append, database } = await openWriter(t);
  await insertGroup(database, 1);
  await append(message(1, 1));
  await append(message(1, 2));
  const [again, next] = await Promise.all([
    append(message(1, 1, { resend: true, sentAt: 1_800_000_000_000 })),
    append(message(1, 3)),
  ]);
  assert.deepEqual(again, { seq: 1, fault: undefined, fresh: false, sentAt: 1_700_000_000_001 });
  assert.deepEqual(next, { seq: 3, fault: undefined, fresh: true, sentAt: 1_700_000_000_003 });
  assert.deepEqual(await stored(database), ["1/1: 1", "1/2: 2", "1/3: 3"]);
});

test("a duplicate that is not marked as a resend gets the old seq, and the others of its batch get theirs", async (t) => {
  const { append, database } = await openWriter(t);
  await insertGroup(database, 1);
  await append(message(1, 1));
  const outcomes = await Promise.all([
    append(message(1, 2)),
    append(message(1, 1)),
    append(message(1, 3)),
    append(message(1, 3)),
  ]);
  assert.deepEqual(
    outcomes.map(({ seq }) => seq),
    [2, 1, 3, 3],
  );
  assert.deepEqual(
    outcomes.map(({ fresh }) => fresh),
    [true, false, true, false],
  );
  assert.deepEqual(await stored(database), ["1/1: 1", "1/2: 2", "1/3: 3"]);
});

test("a row that the database refuses fails alone", async (t) => {
  const { append, database } = await openWriter(t);
  await insertGroup(database, 1);
  await database.query({ text: "ALTER TABLE messages ADD CHECK (length(payload) <> 13)" });
  const outcomes = await Promise.all([
    append(message(1, 1)),
    append(message(1, 2, { payload: Buffer.alloc(13) })),
    append(message(1, 3)),
  ]);
  assert.deepEqual(
    outcomes.map(({ seq, fault }) => fault ?? seq),
    [1, "internal", 2],
  );
  assert.deepEqual(await stored(database), ["1/1: 1", "1/2: 3"]);
});
