import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { seededRandom } from "../../platform/random.ts";
import { freshDatabase } from "../../testing/database.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { insertGroup } from "../../testing/stored-group.ts";
import { until } from "../../testing/until.ts";
import { clientMessageId, epoch, groupId, userId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { connect, Database } from "../database.ts";
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
  options: { statementRowsMax?: number; commitSpacingMs?: number; clock?: Clock; announced?: () => void } = {},
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
      commitSpacingMs: options.commitSpacingMs ?? 0,
    },
    {
      settled(batch: RowBatch<(outcome: Outcome) => void>) {
        options.announced?.();
        for (let row = 0; row < batch.count; row++) {
          const answer = batch.ticket(row);
          const { faults, fresh } = batch;
          const sentAt = batch.sentAt(row);
          answer({ seq: batch.seq(row), fault: faults[row]?.code, fresh: fresh[row] === true, sentAt });
        }
      },
      committed: ({ path }) => paths.push(path),
    },
    { clock: options.clock ?? systemClock, random: seededRandom(1), log: silentLog },
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
  /** Keeps every commit to a group waiting; the result lets them go on. */
  const hold = async (group: number) => {
    const holder = await connect(url);
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM groups WHERE id = $1 FOR UPDATE", [group]);
    return () => holder.end();
  };
  /** How many commits wait for a held group. */
  const held = async () => {
    const waiting = await database.query({
      text: "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    });
    return waiting.length;
  };
  /** Breaks the connections of those that wait. */
  const breakHeld = () =>
    database.query({
      text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    });
  return { writer, append, database, paths, hold, held, breakHeld };
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

test("beside a row that the database refuses the others have the outcome that they would have without it", async (t) => {
  const { append, database } = await openWriter(t);
  await insertGroup(database, 1);
  await append(message(1, 1));
  await database.query({ text: "ALTER TABLE messages ADD CHECK (length(payload) <> 13)" });
  const outcomes = await Promise.all([
    append(message(1, 1, { resend: true, sentAt: 1_800_000_000_000 })),
    append(message(1, 2, { payload: Buffer.alloc(13) })),
    append(message(1, 3, { epoch: epoch(2) })),
    append(message(99, 4)),
    append(message(1, 5)),
  ]);
  const shown = ({ seq, fault, sentAt }: Outcome) => fault ?? `${seq} at ${sentAt}`;
  assert.deepEqual(outcomes.map(shown), [
    "1 at 1700000000001",
    "internal",
    "stale_epoch",
    "not_a_member",
    "2 at 1700000000005",
  ]);
  const unmarked = await Promise.all([
    append(message(1, 2, { payload: Buffer.alloc(13) })),
    append(message(1, 1, { sentAt: 1_800_000_000_000 })),
  ]);
  assert.deepEqual(unmarked.map(shown), ["internal", "1 at 1700000000001"]);
  assert.deepEqual(await stored(database), ["1/1: 1", "1/2: 5"]);
});

test("messages with one id are one message only where group and sender are the same", async (t) => {
  const { append, database } = await openWriter(t, { statementRowsMax: 0 });
  await insertGroup(database, 1);
  await insertGroup(database, 2);
  const bob = { sender: userId(8) };
  const outcomes = await Promise.all(
    [
      message(1, 1, { resend: true }),
      message(1, 1, bob),
      message(2, 1),
      message(1, 2, { epoch: epoch(9) }),
      message(1, 2, { epoch: epoch(9) }),
      message(1, 1),
    ].map(append),
  );
  assert.deepEqual(
    outcomes.map(({ seq, fault, fresh }) => fault ?? `${seq}${fresh ? "" : " again"}`),
    ["1", "2", "1", "stale_epoch", "stale_epoch", "1 again"],
  );
});

test("a commit without an answer for three seconds means that the database is away, until it answers", async (t) => {
  const clock = new FakeClock();
  const { writer, append, database, hold, held } = await openWriter(t, { clock });
  await insertGroup(database, 1);
  const release = await hold(1);
  const outcome = append(message(1, 1));
  let hasDrained = false;
  const drained = writer.drained().then(() => {
    hasDrained = true;
  });
  await until(async () => (await held()) === 1, "the commit waits");
  await clock.advance(3_000);
  assert.ok(!writer.away);
  await clock.advance(1);
  assert.ok(writer.away && !hasDrained);
  await release();
  assert.equal((await outcome).seq, 1);
  await drained;
  assert.ok(!writer.away);
  await clock.advance(10_000);
  assert.ok(!writer.away, "a commit that has its answer is not waited for");
  await writer.drained();
});

test("a commit whose connection breaks is tried again after a pause, and then the database is not away any more", async (t) => {
  const clock = new FakeClock();
  const { writer, append, database, hold, held, breakHeld } = await openWriter(t, { clock });
  await insertGroup(database, 1);
  const release = await hold(1);
  const outcome = append(message(1, 1));
  await until(async () => (await held()) === 1, "the commit waits");
  await breakHeld();
  await until(() => writer.away, "the writer notices");
  await release();
  await until(() => clock.waiting === 1, "it pauses");
  await clock.advance(2_000);
  assert.deepEqual(await outcome, { seq: 1, fault: undefined, fresh: true, sentAt: 1_700_000_000_001 });
  await writer.drained();
  assert.ok(!writer.away);
});

test("a batch that cannot be announced does not keep the next ones from being stored", async (t) => {
  let announcements = 0;
  const { append, database } = await openWriter(t, {
    announced: () => {
      if (++announcements === 1) throw new Error("a mistake in the server");
    },
  });
  await insertGroup(database, 1);
  void append(message(1, 1));
  await until(() => announcements === 1, "the first batch is announced");
  assert.equal((await append(message(1, 2))).seq, 2);
});

test("from the start of one commit to the start of the next there is the spacing, however long the first takes", async (t) => {
  const clock = new FakeClock();
  const { writer, append, database, hold, held } = await openWriter(t, { clock, commitSpacingMs: 100 });
  await insertGroup(database, 1);
  const at: number[] = [];
  const began = clock.monotonic();
  const send = (id: number) => append(message(1, id)).then(() => at.push(clock.monotonic() - began));
  /** Lets everything happen that does not wait for the clock. */
  const idle = () => until(() => clock.waiting === 1, "the next commit waits for its time");
  const release = await hold(1);
  const first = send(1);
  await until(async () => (await held()) === 1, "the first is being stored");
  const second = send(2);
  await clock.advance(40);
  await release();
  await first;
  await idle();
  assert.equal(clock.nextInMs, 60);
  const third = send(3);
  await clock.advance(60);
  await Promise.all([second, third]);
  const fourth = send(4);
  await idle();
  await clock.advance(100);
  await fourth;
  await writer.drained();
  await clock.advance(100);
  await send(5);
  assert.deepEqual(at, [40, 100, 100, 200, 300]);
});

test("a writer that was closed takes nothing in, and waits for nothing", async (t) => {
  const clock = new FakeClock();
  const { writer, append, database } = await openWriter(t, { clock, commitSpacingMs: 100 });
  await insertGroup(database, 1);
  await append(message(1, 1));
  void append(message(1, 2));
  assert.equal(clock.waiting, 1);
  await writer.close();
  assert.equal(clock.waiting, 0);
  await assert.rejects(append(message(1, 3)), /full/);
  assert.deepEqual(await stored(database), ["1/1: 1"]);
});

test("a writer that is closed while the database is away tries no more", async (t) => {
  const clock = new FakeClock();
  const { writer, append, database, hold, held, breakHeld } = await openWriter(t, { clock });
  await insertGroup(database, 1);
  const release = await hold(1);
  void append(message(1, 1));
  await until(async () => (await held()) === 1, "the commit waits");
  await breakHeld();
  await until(() => clock.waiting === 1, "the writer pauses");
  await writer.close();
  assert.equal(clock.waiting, 0);
  await release();
  assert.deepEqual(await stored(database), []);
});
