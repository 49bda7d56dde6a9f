import assert from "node:assert/strict";
import { test } from "node:test";
import type { Query } from "../../store/database.ts";
import { present } from "../../testing/present.ts";
import { DeliverCursor } from "../../wire/deliver-frame.ts";
import { epoch, type GroupId, groupId, seq, userId } from "../../wire/ids.ts";
import { databaseDouble, messageRow, serverDouble, sessionDouble } from "../testing/doubles.ts";
import { Sweep } from "./sweep.ts";

const alice = userId(1);
const seven = groupId(7);
const asked = new Date(1_700_000_000_000);

/** A server that is up to seq 3 in its groups, with a member in each, and what the database has of group 7. */
async function newServer(ids: readonly GroupId[] = [seven]) {
  const delivered: number[] = [];
  const queries: Query[] = [];
  const stored = { lastSeq: 3, seqs: [1, 2, 3], isAway: false };
  /** Pages of two messages, as if bounds cut them. */
  const page = (after: number) => stored.seqs.filter((at) => at > after).slice(0, 2);
  const server = serverDouble(
    databaseDouble(async (query) => {
      queries.push(query);
      if (stored.isAway) throw new Error("the database is away");
      switch (query.name) {
        case "groups-load":
          return ids.map((id) => ({ id, epoch: epoch(1), lastSeq: seq(3), logLength: 1, members: [alice] }));
        case "groups-ahead":
          return [{ id: seven, lastSeq: seq(stored.lastSeq), logLength: 1 }];
        case "messages-read":
          return page(Number(query.values?.[1])).map((at) => messageRow(alice, at));
        default:
          return [{ asked, user: null, group: null }];
      }
    }),
    {
      transport: {
        publish(_, frame) {
          const cursor = new DeliverCursor();
          assert.equal(cursor.begin(frame), undefined);
          while (cursor.next()) delivered.push(cursor.seq);
        },
      },
    },
  );
  const groups = await Promise.all(ids.map((id) => server.groups.follow(id)));
  for (const group of groups) server.groups.enter(present(group), sessionDouble({ user: alice }));
  const named = (name: string) => queries.filter((query) => query.name === name);
  return { server, group: present(server.groups.get(seven)), sweep: new Sweep(server), stored, delivered, named };
}

test("what a group lacks is brought by the second sweep that finds it lacking, and by none if it has come meanwhile", async () => {
  const { server, group, sweep, stored, delivered } = await newServer();
  stored.seqs.push(4);
  stored.lastSeq = 4;
  await sweep.run();
  assert.deepEqual(delivered, [], "a frame may be on its way");
  server.groups.delivered(group, seq(4));
  stored.seqs.push(5);
  stored.lastSeq = 5;
  await sweep.run();
  assert.deepEqual(delivered, [], "that one had come; the next may be on its way");
  await sweep.run();
  assert.deepEqual([delivered, server.counters.sweepRepairs], [[5], 1]);
});

test("however much a group lacks, a sweep brings all of it, and looks no more for what there is not any more", async () => {
  const { server, group, sweep, stored, delivered } = await newServer();
  stored.seqs.push(4, 5, 7, 8, 9);
  stored.lastSeq = 12;
  for (let round = 0; round < 3; round++) await sweep.run();
  assert.deepEqual(delivered, [4, 5, 7, 8, 9]);
  assert.deepEqual([group.lastSeq, group.deliveredSeq, server.counters.sweepRepairs], [12, 12, 1]);
});

test("a sweep looks at all groups that somebody is in, and after one that failed there are others", async () => {
  const ids = Array.from({ length: 2001 }, (_, i) => groupId(7 + i));
  const { sweep, stored, named } = await newServer(ids);
  stored.isAway = true;
  await sweep.run();
  stored.isAway = false;
  const before = named("groups-ahead").length;
  await sweep.run();
  const looked = named("groups-ahead").slice(before);
  assert.equal(looked.flatMap(({ values }) => values?.[0]).length, ids.length);
});

test("admissions are looked for from some time before the last sweep on, since a transaction may commit late", async () => {
  const { sweep, named } = await newServer();
  for (let round = 0; round < 2; round++) await sweep.run();
  const since = named("joined-since")[1]?.values?.[0];
  assert.ok(since instanceof Date);
  assert.equal(asked.getTime() - since.getTime(), 10_000, "a transaction's longest time");
});
