import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { seededRandom } from "../../platform/random.ts";
import { testSeed } from "../../testing/chaos.ts";
import { freshDatabase, openFreshDatabase, ownPostgres } from "../../testing/database.ts";
import { insertGroup } from "../../testing/stored-group.ts";
import { until } from "../../testing/until.ts";
import { clientMessageId, epoch, groupId, userId } from "../../wire/ids.ts";
import { IngestWriter } from "./ingest-writer.ts";

interface Attempt {
  readonly group: number;
  readonly id: number;
  settle(seq: number): void;
}

test("writers that share groups and lose their connections at any moment give every message one dense seq", async (t) => {
  const random = testSeed(t);
  const database = await openFreshDatabase();
  const groups = 5;
  for (let id = 1; id <= groups; id++) await insertGroup(database, id);
  const writers = await Promise.all(
    [0, 1, 2].map(async (index) => {
      const writer = new IngestWriter<Attempt>(
        {
          url: database.url,
          rowsMax: 1000,
          bytesMax: 4_000_000,
          statementRowsMax: index === 0 ? 0 : 50,
          commitSpacingMs: index,
        },
        {
          settled(batch) {
            for (let row = 0; row < batch.count; row++) {
              assert.equal(batch.faults[row], undefined);
              batch.ticket(row).settle(batch.seq(row));
            }
          },
        },
        { clock: systemClock, random: random.fork(), log: silentLog },
      );
      await writer.open();
      return writer;
    }),
  );

  /** By group and id: the seqs that were answered, by any writer. */
  const answers = new Map<string, Set<number>>();
  const underWay: Promise<void>[] = [];
  const send = (group: number, id: number, resend: boolean) =>
    underWay.push(
      new Promise((resolve) => {
        const attempt: Attempt = {
          group,
          id,
          settle(seq) {
            const key = `${group} ${id}`;
            answers.set(key, (answers.get(key) ?? new Set()).add(seq));
            resolve();
          },
        };
        const taken = writers[random.below(writers.length)]?.append(
          {
            group: groupId(group),
            sender: userId(1),
            clientMessageId: clientMessageId(BigInt(id)),
            epoch: epoch(1),
            type: 0,
            sentAt: 1,
            payload: Buffer.from(`${id}`),
            resend,
            turn: 0,
          },
          attempt,
        );
        assert.ok(taken);
      }),
    );

  const messages = 600;
  for (let id = 1; id <= messages; id++) {
    send(1 + random.below(groups), id, false);
    // The same message again, at any writer, marked as a resend or not, perhaps before the first is stored.
    if (random.unit() < 0.2) send(1 + random.below(groups), 1 + random.below(id), random.unit() < 0.5);
    if (random.unit() < 0.03) {
      await database.query({
        text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1`,
      });
    }
    if (random.unit() < 0.3) await new Promise((resolve) => setTimeout(resolve, random.unit() * 4));
  }
  await Promise.all(underWay);
  await Promise.all(writers.map((writer) => writer.close()));

  const stored = await database.query<{ group: number; seq: number; id: number }>({
    text: 'SELECT group_id AS "group", seq, client_message_id AS id FROM messages ORDER BY group_id, seq',
  });
  assert.equal(stored.length, answers.size, "each message is stored once");
  const next = new Map<number, number>();
  for (const { group, seq, id } of stored) {
    assert.equal(seq, (next.get(group) ?? 0) + 1, `group ${group} has no gap`);
    next.set(group, seq);
    assert.deepEqual(
      [...(answers.get(`${group} ${id}`) ?? [])],
      [seq],
      `every answer about ${id} in ${group} had its seq`,
    );
  }
  const heads = await database.query<{ id: number; last_seq: number }>({ text: "SELECT id, last_seq FROM groups" });
  for (const { id, last_seq: last } of heads) assert.equal(last, next.get(id) ?? 0);
});

test("a database that goes away while nothing is written is noticed, and so is its return", async (t) => {
  const postgres = await ownPostgres();
  const writer = new IngestWriter<undefined>(
    {
      url: await freshDatabase(postgres.url()),
      rowsMax: 100,
      bytesMax: 1_000_000,
      statementRowsMax: 50,
      commitSpacingMs: 0,
    },
    { settled() {} },
    { clock: systemClock, random: seededRandom(1), log: silentLog },
  );
  t.after(() => writer.close());
  await writer.open();
  assert.equal(writer.away, false);
  await postgres.kill();
  await until(() => writer.away, "the writer knows that the database is away");
  await postgres.restart();
  await until(() => !writer.away, "the writer knows that it is back");
});
