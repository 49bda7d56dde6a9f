import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupRecord } from "../store/groups.ts";
import { present } from "../testing/present.ts";
import { encodeDeliver } from "../wire/deliver-frame.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../wire/ids.ts";
import { busEvents, refreshRevoked } from "./assemble.ts";
import { connectionDouble, databaseDouble, deafBus, serverDouble, sessionDouble } from "./testing/doubles.ts";

const [alice, bob] = [userId(1), userId(2)];
const seven = groupId(7);
const record: GroupRecord = { id: seven, epoch: epoch(1), lastSeq: seq(3), logLength: 1, members: [alice, bob] };

/** A server at which alice watches group 7, and what it sends, in order. */
async function newServer(answer: Parameters<typeof databaseDouble>[0] = async () => []) {
  const done: string[] = [];
  const server = serverDouble(
    databaseDouble(async (query) => (query.name === "groups-load" ? [record] : answer(query))),
    {
      transport: { publish: (topic) => void done.push(`to ${topic}`) },
      bus: { ...deafBus("s0"), send: (to, { kind }) => void done.push(`to ${to}: ${kind}`) },
    },
  );
  const group = present(await server.groups.follow(seven));
  const session = sessionDouble({
    user: alice,
    connection: connectionDouble(),
    isOfSession: ([first]) => first === 5,
    end: (code) => void done.push(`ended: ${code}`),
  });
  server.groups.enter(group, session);
  server.users.add(alice, session);
  await server.presence.watch(session, group);
  return { server, group, events: busEvents(server), done };
}

const message = { sender: bob, clientMessageId: clientMessageId(1n), type: 0, sentAt: 1, epoch: epoch(1) } as const;
const delivered = (firstSeq: number, count: number) =>
  encodeDeliver({
    group: seven,
    firstSeq: seq(firstSeq),
    messages: Array.from({ length: count }, () => ({ ...message, payload: new Uint8Array(1) })),
  });

test("messages of another server reach the members here, who have them up to the last one; a broken frame reaches nobody", async () => {
  const { group, events, done } = await newServer();
  events.delivered(delivered(4, 3));
  assert.deepEqual(done.splice(0), ["to g7"]);
  assert.deepEqual([group.lastSeq, group.deliveredSeq], [6, 6]);
  events.delivered(delivered(7, 1).subarray(0, 30));
  assert.deepEqual([done, group.lastSeq], [[], 6]);
});

test("a server that subscribes is told that members here watch, and one that goes takes its members with it", async () => {
  const { server, events, done } = await newServer();
  events.subscribed("s1", [seven]);
  assert.deepEqual(done.splice(0), ["to s1: presenceWatch"]);
  events.received("s1", { kind: "presence", group: seven, complete: true, online: [bob], offline: [] });
  server.presence.flush();
  assert.deepEqual(done.splice(0), ["to p7"], "bob is online");
  events.gone("s1");
  server.presence.flush();
  assert.deepEqual(done, ["to p7"], "he is no more");
});

test("a session that was ended elsewhere loses its connections when the bus says so, or the database", async () => {
  const said = await newServer();
  said.events.received("s1", { kind: "revoked", session: Uint8Array.of(5) });
  assert.deepEqual(said.done, ["ended: token_invalid"]);
  const read = await newServer(async ({ name }) =>
    name === "sessions-revoked" ? [{ asked: new Date(), id: Uint8Array.of(5), expiresAt: new Date(2e12) }] : [],
  );
  await refreshRevoked(read.server);
  assert.deepEqual(read.done, ["ended: token_invalid"]);
});

test("frames about servers are passed on", () => {
  const heard: string[] = [];
  const events = busEvents(serverDouble(databaseDouble(async () => [])), (from, { kind }) =>
    heard.push(`${from} ${kind}`),
  );
  events.received("s1", { kind: "bye", at: 1 });
  assert.deepEqual(heard, ["s1 bye"]);
});
