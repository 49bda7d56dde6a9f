import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../platform/log.ts";
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
    transport: { publish: (_, frame) => see(watchers.keys(), frame) },
    database: databaseDouble(async () => {
      if (isAway) throw new Error("the database is away");
      return [{ user: carol, seq: seq(5) }];
    }),
    groups: { get: () => (isFollowed ? group : undefined) },
    bus: {
      publish() {},
      send: (_, frame) => {
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
  return { presence, group, connect, leave, open, sent, forget, cursors, beAway };
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
