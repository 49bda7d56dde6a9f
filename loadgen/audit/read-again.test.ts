import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "../../core/platform/result.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { FakeNetwork, settle } from "../../core/testing/fake-network.ts";
import { present } from "../../core/testing/present.ts";
import { clientMessageId, epoch, type GroupId, groupId, seq, userId } from "../../core/wire/ids.ts";
import { messageTypes } from "../../core/wire/send-frame.ts";
import { type Range, type Reader, readAgain } from "./read-again.ts";
import type { SequenceRecord } from "./sequence-log.ts";

const [first, second, third] = [groupId(7), groupId(8), groupId(9)];

const reader = (client: number, ...groups: readonly GroupId[]): Reader => ({
  client,
  user: userId(client + 1),
  token: Buffer.from(`token ${client}`),
  groups,
});

/** Messages of a group from this seq on, with these ids. */
const messagesOf = (group: GroupId, from: number, ...ids: readonly number[]) => ({
  kind: "deliver" as const,
  group,
  firstSeq: seq(from),
  messages: ids.map((id) => ({
    sender: userId(1),
    clientMessageId: clientMessageId((5n << 32n) | BigInt(id)),
    type: messageTypes.application,
    sentAt: 0,
    epoch: epoch(3),
    payload: new Uint8Array(1),
  })),
});

/** A reading at a server that the test is. */
function newReading(readers: readonly Reader[], ranges: Readonly<Record<number, Range>>, signal?: AbortSignal) {
  const [network, clock] = [new FakeNetwork(), new FakeClock()];
  let dialled = 0;
  const dial = async () => accepted(`ws://server${++dialled}/v1`);
  const wanted = new Map(Object.entries(ranges).map(([group, range]) => [groupId(Number(group)), range]));
  const at = { target: "127.0.0.1:1", network: { dial, open: network.open, clock } };
  let result: ReadonlyMap<GroupId, SequenceRecord> | undefined;
  const reading = readAgain(at, readers, wanted, signal).then((stored) => (result = stored));
  /** Lets the newest connection in, whose user is in these groups, with so many messages each. */
  const letIn = async (user: number, lasts: Readonly<Record<number, number>>) => {
    const connection = await network.resumed(userId(user));
    const { request } = connection.request("groups");
    const groups = Object.entries(lasts).map(([group, last]) => ({
      group: groupId(Number(group)),
      epoch: epoch(1),
      lastSeq: seq(last),
      logLength: 1,
      readSeq: seq(0),
    }));
    connection.say({ kind: "groups", request, groups });
    await settle();
    return connection;
  };
  /** Delivers messages from this seq on, with these ids, and says that the history ends there. */
  const deliver = async (group: GroupId, from: number, ...ids: readonly number[]) => {
    const { last } = network;
    last.say(messagesOf(group, from, ...ids));
    const asked = last.all("sync").findLast((of) => of.group === group);
    const through = seq(from + ids.length - 1);
    const { request, after } = present(asked);
    last.say({ kind: "synced", request, group, after, through, lastSeq: through });
    await clock.advance(5);
  };
  return { network, clock, reading, letIn, deliver, result: () => result, dialled: () => dialled };
}

const seen = (record: SequenceRecord | undefined) =>
  record && [record.base, [...record.high], [...record.low], [...record.epoch]];

test("a reader resumes their session, reads each group from before its first message, and writes down what comes", async () => {
  const { letIn, deliver, network, reading, clock } = newReading([reader(0, first, second)], {
    [first]: { base: 2, last: 4 },
    [second]: { base: 0, last: 1 },
  });
  const connection = await letIn(1, { [first]: 4, [second]: 1 });
  assert.equal(Buffer.from(connection.request("resume").token).toString(), "token 0");
  assert.deepEqual(
    connection.all("sync").map(({ group, after, through }) => [group, after, through]),
    [
      [first, 2, 4],
      [second, 0, 1],
    ],
  );
  await deliver(first, 3, 11, 12);
  await deliver(second, 1, 21);
  const stored = await reading;
  assert.deepEqual(seen(stored.get(first)), [2, [5, 5], [11, 12], [3, 3]]);
  assert.deepEqual(seen(stored.get(second)), [0, [5], [21], [3]]);
  assert.ok(network.last.isClosed);
  assert.equal(clock.waiting, 0);
});

test("groups that an earlier reader covers are left to them, and whoever has none left does not connect", async () => {
  const { letIn, deliver, network, reading, dialled } = newReading(
    [reader(0, first), reader(1, first), reader(2, first, second)],
    {
      [first]: { base: 0, last: 1 },
      [second]: { base: 0, last: 1 },
    },
  );
  await letIn(1, { [first]: 1 });
  await deliver(first, 1, 11);
  await letIn(3, { [first]: 1, [second]: 1 });
  assert.equal(Buffer.from(network.last.request("resume").token).toString(), "token 2");
  // Of other groups the reader reads nothing that was before.
  assert.deepEqual(
    network.last.all("sync").map(({ group }) => group),
    [second],
  );
  await deliver(second, 1, 21);
  assert.deepEqual([...(await reading).keys()], [first, second]);
  assert.deepEqual([network.connections.length, dialled()], [2, 2]);
});

test("a reader's connection trusts what the load's users trust", async () => {
  const [network, clock] = [new FakeNetwork(), new FakeClock()];
  const tls = { authority: "of the test" };
  const given: unknown[] = [];
  const stopping = new AbortController();
  const reading = readAgain(
    {
      target: "127.0.0.1:1",
      tls,
      network: {
        dial: async () => accepted("wss://server/v1"),
        open: (url, events, options) => {
          given.push(options?.tls);
          return network.open(url, events);
        },
        clock,
      },
    },
    [reader(0, first)],
    new Map([[first, { base: 0, last: 1 }]]),
    stopping.signal,
  );
  await settle();
  stopping.abort();
  await clock.advance(5);
  await reading;
  assert.deepEqual(given, [tls]);
});

test("a group of which nothing is to be read is not in the answer", async () => {
  const { letIn, deliver, reading } = newReading([reader(0, first, third)], { [first]: { base: 0, last: 1 } });
  const connection = await letIn(1, { [first]: 1, [third]: 9 });
  // Somebody writes there meanwhile.
  connection.say(messagesOf(third, 10, 31));
  await deliver(first, 1, 11);
  assert.deepEqual([...(await reading).keys()], [first]);
});

test("without readers nobody connects", async () => {
  const { reading, network } = newReading([], { [first]: { base: 0, last: 1 } });
  assert.equal((await reading).size, 0);
  assert.equal(network.connections.length, 0);
});

test("reading waits for the last message, and no longer than half a minute for one that the servers do not have", async () => {
  const { letIn, deliver, reading, clock, result } = newReading([reader(0, first)], { [first]: { base: 0, last: 3 } });
  await letIn(1, { [first]: 2 });
  await deliver(first, 1, 11, 12);
  await clock.advance(29_900);
  assert.equal(result(), undefined);
  await clock.advance(120);
  assert.deepEqual(seen((await reading).get(first)), [0, [5, 5], [11, 12], [3, 3]]);
});

test("a group with a reader is in the answer though the reader cannot log in, and nobody waits for that", async () => {
  const { network, clock, reading } = newReading([reader(0, first)], { [first]: { base: 4, last: 9 } });
  await settle();
  network.last.accept();
  await settle();
  const { request } = network.last.request("resume");
  network.last.say({ kind: "error", request, code: "token_invalid", detail: "" });
  await clock.advance(10);
  assert.deepEqual(seen((await reading).get(first)), [4, [], [], []]);
});

test("reading ends when it is interrupted", async () => {
  const stopping = new AbortController();
  const { clock, reading, network } = newReading(
    [reader(0, first)],
    { [first]: { base: 0, last: 1 } },
    stopping.signal,
  );
  await clock.advance(1000);
  stopping.abort();
  await clock.advance(5);
  await reading;
  assert.ok(network.last.isClosed);
});
