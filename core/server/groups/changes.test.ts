import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupRecord } from "../../store/groups.ts";
import { settle, settleAll } from "../../testing/fake-network.ts";
import { present } from "../../testing/present.ts";
import { clientMessageId, epoch, groupId, seq, type UserId, userId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { parseServerFrame } from "../../wire/server-frame.ts";
import { ClientSession } from "../client-session.ts";
import { claimsOf, connectionDouble, databaseDouble, deafBus, serverDouble } from "../testing/doubles.ts";
import { announceChange, applyChange, groupOfMember, refreshGroup } from "./changes.ts";

const seven = groupId(7);
const [alice, bob, carol] = [userId(1), userId(2), userId(3)];
const names = new Map<UserId | undefined, string>([
  [alice, "alice"],
  [bob, "bob"],
  [carol, "carol"],
]);

/** A server that follows group 7, of alice and bob, and writes down what it does for whom. */
function newServer() {
  const done: string[] = [];
  const database: { record: GroupRecord | undefined; queries: number } = {
    record: { id: seven, epoch: epoch(1), lastSeq: seq(3), logLength: 1, members: [alice, bob] },
    queries: 0,
  };
  const server = serverDouble(
    databaseDouble(async () => {
      database.queries++;
      return database.record ? [database.record] : [];
    }),
    {
      transport: { publish: (topic) => done.push(`to ${topic}: deliver`) },
      bus: { ...deafBus("s0"), broadcast: ({ kind }) => done.push(`to all servers: ${kind}`) },
    },
  );
  const connected = (user: UserId) => {
    const who = present(names.get(user));
    const session = new ClientSession(
      server,
      connectionDouble({
        send(bytes) {
          const frame = parseServerFrame(bytes);
          assert.ok(frame.ok);
          done.push(`to ${who}: ${frame.value.kind}`);
        },
        subscribe: (topic) => done.push(`${who} gets ${topic}`),
        unsubscribe: (topic) => done.push(`${who} gets ${topic} no more`),
      }),
    );
    session.authenticated(claimsOf(user, who), true);
    return session;
  };
  return { server, database, done, connected };
}

const change = { group: seven, index: 1, epoch: epoch(2), seq: seq(4), joined: [carol], left: [bob] };
const entry = {
  sender: alice,
  clientMessageId: clientMessageId(1n),
  type: messageTypes.membership,
  sentAt: 0,
  epoch: epoch(2),
  payload: new Uint8Array(1),
};

test("members get the entry, who is removed gets `left` and nothing later, who is admitted gets `joined`, and the other servers hear of it", async () => {
  const { server, done, connected } = newServer();
  for (const user of [alice, bob, carol]) {
    const session = connected(user);
    await session.memberOf(seven);
  }
  done.length = 0;
  announceChange(server, change, entry);
  assert.deepEqual(done, [
    "to g7: deliver",
    "to all servers: changed",
    "to bob: left",
    "bob gets g7 no more",
    "carol gets g7",
    "to carol: joined",
  ]);
  const group = present(server.groups.get(seven));
  assert.deepEqual([...group.members], [alice, carol]);
  assert.deepEqual([group.epoch, group.lastSeq, group.logLength], [2, 4, 2]);
  assert.deepEqual(new Set([...group.sessions].map(({ user }) => names.get(user))), new Set(["alice", "carol"]));
});

test("a connection that gets the group's messages already gets no `joined`", async () => {
  const { server, done, connected } = newServer();
  await connected(alice).memberOf(seven);
  connected(carol);
  applyChange(server, change);
  done.length = 0;
  // The bus brings the change a second time.
  applyChange(server, change);
  assert.deepEqual(done, []);
});

test("whoever is found to have joined when a group is read again gets it, whatever it is read for", async () => {
  const { server, database, done, connected } = newServer();
  await connected(alice).memberOf(seven);
  connected(carol);
  done.length = 0;
  database.record = { id: seven, epoch: epoch(3), lastSeq: seq(5), logLength: 3, members: [alice, carol] };
  await refreshGroup(server, seven);
  assert.deepEqual(done, ["carol gets g7", "to carol: joined"]);
  assert.equal(present(server.groups.get(seven)).lastSeq, 5, "and the group is as far as the database");
});

test("a group is read again when a change comes whose predecessor was lost", async () => {
  const { server, database, done, connected } = newServer();
  for (const user of [alice, bob]) await connected(user).memberOf(seven);
  done.length = 0;
  database.record = { id: seven, epoch: epoch(3), lastSeq: seq(5), logLength: 3, members: [alice] };
  applyChange(server, { ...change, index: 2, epoch: epoch(3), seq: seq(5), joined: [], left: [] });
  await settleAll();
  assert.deepEqual(done, ["to bob: left", "bob gets g7 no more"]);
  assert.equal(present(server.groups.get(seven)).epoch, 3);
});

test("a change of a group that the server does not follow is read for newcomers who are connected, and for nobody else", async () => {
  const { server, database, done, connected } = newServer();
  database.record = { id: seven, epoch: epoch(2), lastSeq: seq(4), logLength: 2, members: [alice, carol] };
  applyChange(server, change);
  await settle();
  assert.equal(database.queries, 0);
  connected(carol);
  applyChange(server, change);
  await settleAll();
  assert.deepEqual(done, ["carol gets g7", "to carol: joined"]);
});

test("a user is refused as no member only after the database has been asked", async () => {
  const { server, database } = newServer();
  await server.groups.follow(seven);
  assert.equal(await groupOfMember(server, seven, carol), undefined);
  database.record = { id: seven, epoch: epoch(2), lastSeq: seq(4), logLength: 2, members: [alice, carol] };
  assert.equal((await groupOfMember(server, seven, carol))?.epoch, 2);
  assert.equal(await groupOfMember(server, seven, bob), undefined, "who was removed meanwhile");
});
