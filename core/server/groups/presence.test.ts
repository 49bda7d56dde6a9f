import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../platform/log.ts";
import { settle } from "../../testing/fake-network.ts";
import { present } from "../../testing/present.ts";
import { groupId, seq, type UserId, userId } from "../../wire/ids.ts";
import { parseServerFrame } from "../../wire/server-frame.ts";
import type { Session } from "../sessions/session.ts";
import { connectionDouble, databaseDouble, followedGroup, sessionDouble } from "../testing/doubles.ts";
import { Presence } from "./presence.ts";

const [alice, bob, carol] = [userId(1), userId(2), userId(3)];

/** One server's presence, with what its clients see and what it sends to the server called `other`. */
function setUp() {
  const group = followedGroup(groupId(7), [alice, bob, carol]);
  let isFollowed = true;
  let isAway = false;
  const cursors: (readonly [UserId, number])[] = [];
  const watchers = new Map<Session, Set<UserId>>();
  const sent: string[] = [];
  /** The kinds of the frames that went to all who watch here, and what all other servers of the group were told. */
  const published: string[] = [];
  const told: string[] = [];
  /** Runs while cursors are read. */
  let whileReading = () => {};
  const see = (sessions: Iterable<Session>, bytes: Uint8Array) => {
    const frame = parseServerFrame(bytes);
    if (frame.ok && frame.value.kind === "cursors") cursors.push(...frame.value.cursors);
    if (!frame.ok || frame.value.kind !== "presence") return;
    for (const session of sessions) {
      for (const user of frame.value.online) watchers.get(session)?.add(user);
      for (const user of frame.value.offline) watchers.get(session)?.delete(user);
    }
  };
  const presence = new Presence({
    transport: {
      publish(_, bytes) {
        const frame = parseServerFrame(bytes);
        assert.ok(frame.ok);
        published.push(frame.value.kind);
        see(watchers.keys(), bytes);
      },
    },
    database: databaseDouble(async ({ name, values = [] }) => {
      if (isAway) throw new Error("the database is away");
      if (name === "cursors-save") return saved(values);
      whileReading();
      return [{ user: carol, seq: seq(5) }];
    }),
    groups: { get: () => (isFollowed ? group : undefined) },
    users: { of: (user) => [...group.sessions].filter((session) => session.user === user) },
    bus: {
      publish: (_, frame) => {
        if (frame.kind === "cursors") told.push(`cursors ${frame.cursors.join("; ")}`);
      },
      send: (_, frame) => {
        if (frame.kind === "typing") sent.push(`typing ${frame.users.join()}`);
        if (frame.kind !== "presence") return;
        const { complete, online, offline } = frame;
        sent.push(complete ? `all ${online.join()}` : `+${online.join()} -${offline.join()}`);
      },
    },
    log: silentLog,
  });
  const connect = (user: UserId) => {
    const connection = connectionDouble({ send: (bytes) => see([session], bytes) });
    const session: Session = sessionDouble({ user, connection });
    group.sessions.add(session);
    presence.sessionsChanged(group.id);
    return session;
  };
  const leave = (session: Session) => {
    group.sessions.delete(session);
    presence.sessionsChanged(group.id);
  };
  const open = async (session: Session) => {
    watchers.set(session, new Set());
    await presence.watch(session, group);
    return present(watchers.get(session));
  };
  const forget = () => {
    isFollowed = false;
  };
  const beAway = (away: boolean) => {
    isAway = away;
  };
  /** Sends what has gathered, and lets the database answer. */
  const flush = async () => {
    presence.flush();
    await settle();
  };
  const onReading = (action: () => void) => {
    whileReading = action;
  };
  return {
    ...{ presence, group, connect, leave, open, flush, sent, published, told, forget, cursors, beAway, onReading },
  };
}

/** The rows of a database whose cursors are all behind these. */
function saved([groups, users, seqs]: readonly unknown[]) {
  assert.ok(Array.isArray(groups) && Array.isArray(users) && Array.isArray(seqs));
  return groups.map((group: unknown, i) => ({ group, user: users[i] as unknown, seq: seqs[i] as unknown }));
}

const sorted = (users: ReadonlySet<UserId>) => [...users].sort((a, b) => a - b);
const presenceFrame = (online: UserId[], offline: UserId[] = []) =>
  ({ kind: "presence", group: groupId(7), complete: false, online, offline }) as const;

test("a member who watches a group after somebody came and before they go sees both", async () => {
  const { presence, connect, open, leave } = setUp();
  const first = await open(connect(alice));
  const visitor = connect(carol);
  const second = await open(connect(bob));
  assert.deepEqual(sorted(second), [alice, bob, carol]);
  leave(visitor);
  presence.flush();
  assert.deepEqual(sorted(first), [alice, bob]);
  assert.deepEqual(sorted(second), [alice, bob]);
});

test("a group that is opened again after the database was away shows presence and read cursors", async () => {
  const { connect, open, cursors, beAway } = setUp();
  const session = connect(alice);
  beAway(true);
  await assert.rejects(open(session), /away/);
  beAway(false);
  assert.deepEqual(sorted(await open(session)), [alice]);
  assert.deepEqual(cursors, [[carol, 5]]);
});

test("a member who watches a group sees who comes and goes at another server", async () => {
  const { presence, connect, open } = setUp();
  await open(connect(alice));
  presence.received("other", presenceFrame([carol]));
  const second = await open(connect(bob));
  presence.received("other", presenceFrame([], [carol]));
  presence.flush();
  assert.deepEqual(sorted(second), [alice, bob]);
});

test("what another server answers to a watch replaces what it answered to an earlier one", async () => {
  const { presence, group, connect, open } = setUp();
  const first = connect(alice);
  await open(first);
  presence.unwatch(first, group);
  const second = await open(connect(bob));
  // The answer to the first watch was on its way; carol has gone by the time of the second.
  presence.received("other", { ...presenceFrame([carol]), complete: true });
  presence.flush();
  assert.deepEqual(sorted(second), [alice, bob, carol]);
  presence.received("other", { ...presenceFrame([]), complete: true });
  presence.flush();
  assert.deepEqual(sorted(second), [alice, bob]);
});

test("a server that watches gets all members who are connected here, also when it asks again, and then the changes", () => {
  const { presence, group, connect, leave, sent, forget } = setUp();
  const visitor = connect(carol);
  presence.received("other", { kind: "presenceWatch", group: group.id, watching: true });
  leave(visitor);
  presence.received("other", { kind: "presenceWatch", group: group.id, watching: true });
  assert.deepEqual(sent, ["all 3", "all "]);
  connect(bob);
  presence.flush();
  forget();
  presence.sessionsChanged(group.id);
  presence.flush();
  assert.deepEqual(sent.slice(2), ["+2 -", "+ -2"]);
});

test("read cursors that cannot be kept while the database is away are kept and shown when it is back", async () => {
  const { presence, group, connect, open, flush, cursors, told, beAway } = setUp();
  await open(connect(alice));
  cursors.length = 0;
  beAway(true);
  presence.read({ group: group.id, user: bob, seq: seq(3) });
  await flush();
  presence.read({ group: group.id, user: bob, seq: seq(2) });
  presence.read({ group: group.id, user: alice, seq: seq(4) });
  await flush();
  beAway(false);
  await flush();
  assert.deepEqual(cursors, [
    [bob, 3],
    [alice, 4],
  ]);
  assert.deepEqual(told, ["cursors 2,3; 1,4"], "to the other servers, too");
  presence.read({ group: group.id, user: bob, seq: seq(6) });
  await flush();
  assert.deepEqual(cursors.at(-1), [bob, 6]);
});

test("a session that stops watching while read cursors are read gets none", async () => {
  const { presence, group, connect, open, cursors, onReading } = setUp();
  const session = connect(alice);
  onReading(() => presence.unwatch(session, group));
  await open(session);
  assert.deepEqual(cursors, []);
});

test("a session is subscribed to a group's presence while it watches, and not any more when it stops", async () => {
  const { presence, group } = setUp();
  const topics = new Set<string>();
  const connection = connectionDouble({
    subscribe: (topic) => void topics.add(topic),
    unsubscribe: (topic) => void topics.delete(topic),
  });
  const session = sessionDouble({ user: alice, connection });
  await presence.watch(session, group);
  assert.deepEqual([...topics], [group.presenceTopic]);
  presence.unwatch(session, group);
  assert.deepEqual([...topics], []);
});

test("what has changed is sent once, and so is who is writing", async () => {
  const { presence, group, connect, open, flush, published, sent } = setUp();
  await open(connect(alice));
  await flush();
  presence.received("other", { kind: "presenceWatch", group: group.id, watching: true });
  published.length = 0;
  sent.length = 0;
  connect(carol);
  for (const user of [bob, bob]) presence.typing(group.id, user);
  for (let period = 0; period < 3; period++) {
    presence.sessionsChanged(group.id);
    await flush();
  }
  assert.deepEqual(published, ["presence", "typing"]);
  assert.deepEqual(sent, ["+3 -", "typing 2"]);
});

test("members at a server that has gone are online no more, and it is sent nothing; neither is one that stops watching", async () => {
  const { presence, group, connect, open, flush, sent } = setUp();
  const online = await open(connect(alice));
  presence.received("other", { ...presenceFrame([carol]), complete: true });
  presence.received("other", { kind: "presenceWatch", group: group.id, watching: true });
  presence.received("third", { kind: "presenceWatch", group: group.id, watching: true });
  await flush();
  assert.deepEqual(sorted(online), [alice, carol]);
  sent.length = 0;
  presence.gone("other");
  presence.received("third", { kind: "presenceWatch", group: group.id, watching: false });
  await flush();
  assert.deepEqual(sorted(online), [alice]);
  connect(bob);
  presence.typing(group.id, bob);
  await flush();
  assert.deepEqual(sorted(online), [alice, bob]);
  assert.deepEqual(sent, []);
});

test("how far a user has read comes to their other connections, watching or not, and to nobody else's", async () => {
  const { presence, group, connect, open, flush, cursors } = setUp();
  const [here, there] = [connect(alice), connect(alice)];
  const [once] = [connect(bob)];
  presence.read({ group: group.id, user: alice, seq: seq(4) });
  presence.read({ group: group.id, user: bob, seq: seq(6) });
  await flush();
  // Alice's connections get hers, each once; bob is connected once, and knows.
  assert.deepEqual(cursors, [
    [alice, 4],
    [alice, 4],
  ]);
  cursors.length = 0;
  presence.received("s1", { kind: "cursors", group: group.id, cursors: [[bob, seq(7)]] });
  assert.deepEqual(cursors, [[bob, 7]], "he has read it at another server");
  await open(here);
  cursors.length = 0;
  presence.received("s1", { kind: "cursors", group: group.id, cursors: [[alice, seq(8)]] });
  assert.deepEqual(
    cursors,
    [
      [alice, 8],
      [alice, 8],
    ],
    "once by watching, and once to the connection that does not watch",
  );
  group.sessions.delete(there);
  group.sessions.delete(once);
  cursors.length = 0;
  presence.received("s1", { kind: "cursors", group: group.id, cursors: [[bob, seq(9)]] });
  assert.deepEqual(cursors, [[bob, 9]], "only who watches");
});
