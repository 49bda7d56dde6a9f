import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupOfUser, GroupRecord } from "../store/groups.ts";
import { settle, settleAll } from "../testing/fake-network.ts";
import { present } from "../testing/present.ts";
import { send } from "../testing/session-frames.ts";
import { encodeClientFrame, encodeRequest } from "../wire/client-frame.ts";
import { epoch, groupId, nextEpoch, seq, userId } from "../wire/ids.ts";
import { parseServerFrame } from "../wire/server-frame.ts";
import type { ServerParts } from "./assemble.ts";
import { ClientSession } from "./client-session.ts";
import { applyChange } from "./groups/changes.ts";
import type { ServerContext } from "./server-context.ts";
import { claimsOf, connectionDouble, databaseDouble, deafBus, messageRow, serverDouble } from "./testing/doubles.ts";

const alice = userId(1);
const [seven, eight] = [groupId(7), groupId(8)];

/** Both groups as the database has them, with alice as their member. */
const records: readonly GroupRecord[] = [seven, eight].map((id) => ({
  id,
  epoch: epoch(1),
  lastSeq: seq(3),
  logLength: 1,
  members: [alice],
}));

/** Alice's session, and what her connection was sent. */
function newSession(answer: Parameters<typeof databaseDouble>[0], of: Partial<ServerParts> = {}) {
  const sent: string[] = [];
  const server = serverDouble(databaseDouble(answer), of);
  const connection = connectionDouble({
    send(bytes) {
      const frame = parseServerFrame(bytes);
      assert.ok(frame.ok);
      if (frame.value.kind === "groups") sent.push(`groups ${frame.value.groups.map(({ group }) => group).join()}`);
      else sent.push("group" in frame.value ? `${frame.value.kind} ${frame.value.group}` : frame.value.kind);
    },
  });
  const session: ClientSession = new ClientSession(server, connection);
  session.authenticated(claimsOf(alice, "alice"), true);
  sent.length = 0;
  return { server, session, sent };
}

/** Alice's groups, as her session lists them, when something happens while her memberships are read. */
async function listed(
  whileReading: (session: ClientSession, server: ServerContext) => Promise<readonly GroupOfUser[]>,
): Promise<string[]> {
  const { server, session } = newSession(async ({ name }) =>
    name === "groups-of-users" ? whileReading(session, server) : records,
  );
  const entered = await session.enterGroups();
  return entered().map(({ group, readSeq }) => `${group.id} read to ${readSeq}`);
}

test("a group to which the user is admitted while the list is read is on the list", async () => {
  const groups = await listed(async (session, server) => {
    session.enterGroup(present(await server.groups.follow(eight)));
    return [{ user: alice, group: seven, readSeq: seq(2) }];
  });
  assert.deepEqual(groups, ["8 read to 0", "7 read to 2"]);
});

test("a group from which the user is removed while the list is read is not on the list", async () => {
  const groups = await listed(async (_, server) => {
    await server.groups.follow(seven);
    server.groups.apply({ group: seven, index: 1, epoch: nextEpoch(epoch(1)), seq: seq(4), joined: [], left: [alice] });
    return [{ user: alice, group: seven, readSeq: seq(2) }];
  });
  assert.deepEqual(groups, []);
});

test("the list of groups agrees with the notices before it, at whatever moment a change is applied", async () => {
  const outcomes = new Set<string>();
  for (const change of ["joined", "left"] as const) {
    const isMember = change === "left";
    const eightNow: GroupRecord = { ...present(records[1]), members: isMember ? [alice] : [] };
    for (let moment = 0; moment < 60; moment++) {
      let answered: ((rows: readonly object[]) => void) | undefined;
      const { server, session, sent } = newSession(({ name }) =>
        name === "groups-of-users"
          ? new Promise((resolve) => {
              answered = resolve;
            })
          : Promise.resolve([eightNow]),
      );
      await server.groups.follow(eight);
      session.received(encodeRequest({ kind: "groups" }, 1));
      await settle();
      present(answered)(isMember ? [{ user: alice, group: eight, readSeq: seq(2) }] : []);
      for (let turn = 0; turn < Math.floor(moment / 20); turn++) await settle();
      for (let turn = 0; turn < moment % 20; turn++) await Promise.resolve();
      const [joined, left] = isMember ? [[], [alice]] : [[alice], []];
      applyChange(server, { group: eight, index: 1, epoch: nextEpoch(epoch(1)), seq: seq(4), joined, left });
      await settleAll();
      outcomes.add(sent.join("; "));
    }
  }
  // Either the notice is first, and the list agrees with it, or the list is, and the notice says what has changed.
  assert.deepEqual(
    [...outcomes].sort(),
    ["groups ; joined 8", "groups 8; left 8", "groups ", "joined 8; groups 8", "left 8; groups "].sort(),
  );
});

test("a group that is not on the list is not entered by a request, though the server has not heard of the removal", async () => {
  const removed = { ...present(records[1]), epoch: epoch(2), logLength: 2, members: [] };
  let inDatabase = present(records[1]);
  const { server, session, sent } = newSession(async ({ name }) => (name === "groups-of-users" ? [] : [inDatabase]));
  const group = present(await server.groups.follow(eight));
  inDatabase = removed;
  session.received(encodeRequest({ kind: "groups" }, 1));
  await settle();
  session.received(encodeRequest({ kind: "sync", group: eight, after: seq(0), through: seq(3) }, 2));
  await settleAll();
  assert.deepEqual(sent, ["groups ", "error"]);
  assert.equal(group.sessions.size, 0);
});

test("a log, keys or history that a removal overtakes are refused as to no member", async () => {
  for (const request of [
    { kind: "log", group: seven, from: 0 },
    { kind: "keys", group: seven, from: epoch(1) },
    { kind: "sync", group: seven, after: seq(0), through: seq(3) },
  ] as const) {
    const answers: (() => void)[] = [];
    const { server, session, sent } = newSession(({ name }) =>
      name === "groups-load"
        ? Promise.resolve(records)
        : new Promise((resolve) => {
            answers.push(() => resolve([]));
          }),
    );
    await session.memberOf(seven);
    session.received(encodeRequest(request, 1));
    await settle();
    applyChange(server, { group: seven, index: 1, epoch: epoch(2), seq: seq(4), joined: [], left: [alice] });
    for (const answer of answers) answer();
    await settleAll();
    assert.deepEqual(sent, ["left 7", "error"], request.kind);
  }
});

test("a connection that has ended is in no group any more", async () => {
  const { server, session } = newSession(async () => records);
  await session.memberOf(seven);
  await session.memberOf(eight);
  session.closed();
  assert.deepEqual(
    [...server.groups.all()].map(({ sessions }) => sessions.size),
    [0, 0],
  );
  assert.equal(await session.memberOf(seven).then((group) => group?.sessions.size), 0, "and enters none");
});

test("a connection that has logged in is no stranger any more, and one that has ended is nobody's", () => {
  const { server } = newSession(async () => []);
  const claims = claimsOf(alice, "alice");
  const before = server.users.count;
  const connected = () => {
    const session = new ClientSession(server, connectionDouble());
    server.strangers.set(session, 0);
    return session;
  };
  const session = connected();
  assert.ok(session.authenticated(claims, true));
  assert.deepEqual([server.strangers.size, server.users.count], [0, before + 1]);
  assert.ok(!session.authenticated({ ...claims, user: userId(2) }, true), "it is alice's already");
  session.closed();
  assert.deepEqual([server.users.count, server.users.of(alice).includes(session)], [before, false]);

  // The answer to its login was on the way when it ended.
  const gone = connected();
  gone.closed();
  assert.ok(!gone.authenticated(claims, true));
  assert.deepEqual([gone.user, server.users.count], [undefined, before]);
});

test("what a client sends behind the frame that ends its connection is not read", async () => {
  let appended = 0;
  const append = () => ++appended > 0;
  const budget = { burst: 9, perSecond: 9 };
  const { session, sent } = newSession(async () => records, {
    writer: { append, waiting: 0, away: false },
    limits: { connectionsMax: 1, sends: budget, logins: budget },
  });
  await session.memberOf(seven);
  session.received(send(seven, 1));
  assert.equal(appended, 1);
  session.received(new Uint8Array(1));
  for (const frame of [send(seven, 2), encodeRequest({ kind: "ping" }, 1), new Uint8Array(1)]) session.received(frame);
  assert.equal(appended, 1);
  assert.deepEqual(sent, ["error"]);
});

test("members who watch a group see a connection come and go; one that ends, or leaves the group, watches it no more", async () => {
  for (const going of ["ends", "leaves"] as const) {
    const said: string[] = [];
    const { server, session } = newSession(async ({ name }) => (name === "groups-load" ? records : []), {
      transport: { publish: (topic) => void said.push(topic) },
      bus: {
        ...deafBus("s0"),
        publish: (_, frame) => void (frame.kind === "presenceWatch" && said.push(`watching: ${frame.watching}`)),
      },
    });
    const bob = userId(2);
    const group = present(await session.memberOf(seven));
    group.members.add(bob);
    await server.presence.watch(session, group);
    const visitor = new ClientSession(server, connectionDouble());
    visitor.authenticated(claimsOf(bob, "bob"), true);
    await visitor.memberOf(seven);
    server.presence.flush();
    assert.deepEqual(said.splice(0), ["watching: true", "p7"], "somebody has come");
    if (going === "ends") visitor.closed();
    else visitor.leaveGroup(group);
    server.presence.flush();
    assert.deepEqual(said.splice(0), ["p7"], "somebody has gone");
    if (going === "ends") session.closed();
    else session.leaveGroup(group);
    assert.deepEqual(said, ["watching: false"]);
  }
});

test("an `open` whose connection ends meanwhile watches nothing", async () => {
  const said: string[] = [];
  const { session, sent } = newSession(async ({ name }) => (name === "groups-load" ? records : []), {
    bus: { ...deafBus("s0"), publish: (_, { kind }) => void said.push(kind) },
  });
  session.received(encodeClientFrame({ kind: "open", group: seven }));
  session.closed();
  await settleAll();
  assert.deepEqual([said, sent], [[], []]);
});

test("a `sync` up to a seq that nobody has written moves no group on, and its messages count as delivered", async () => {
  const { server, session, sent } = newSession(async ({ name }) =>
    name === "messages-read" ? [3, 4].map((at) => messageRow(alice, at)) : records,
  );
  const group = present(await session.memberOf(seven));
  session.received(encodeRequest({ kind: "sync", group: seven, after: seq(2), through: seq(1000) }, 1));
  await settleAll();
  assert.deepEqual(sent, ["deliver 7", "synced 7"]);
  assert.equal(group.lastSeq, 4, "a seq that was read, and this server had not heard of");
  assert.equal(server.counters.deliveries, 2);
});
