import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../platform/log.ts";
import { epoch, groupId, seq, type UserId, userId } from "../../wire/ids.ts";
import type { ColdLinkFrame } from "../../wire/link-frame.ts";
import { parseServerFrame } from "../../wire/server-frame.ts";
import type { Bus } from "../bus.ts";
import type { Session, WatchedGroup } from "../sessions/session.ts";
import type { GroupDirectory } from "./group-directory.ts";
import { Presence } from "./presence.ts";

const [alice, bob, carol] = [userId(1), userId(2), userId(3)];

/** One server's looking, with what its clients see and what it tells the server called `other`. */
function setUp() {
  const group: WatchedGroup = {
    id: groupId(7),
    topic: "g7",
    presenceTopic: "l7",
    epoch: epoch(1),
    lastSeq: seq(0),
    deliveredSeq: seq(0),
    logLength: 1,
    members: new Set([alice, bob, carol]),
    sessions: new Set(),
    idleSinceMs: 0,
  };
  let isFollowed = true;
  const lookers = new Map<Session, Set<UserId>>();
  const told: string[] = [];
  const see = (sessions: Iterable<Session>, bytes: Uint8Array) => {
    const frame = parseServerFrame(bytes);
    if (!frame.ok || frame.value.kind !== "presence") return;
    for (const session of sessions) {
      for (const user of frame.value.online) lookers.get(session)?.add(user);
      for (const user of frame.value.offline) lookers.get(session)?.delete(user);
    }
  };
  const looking = new Presence({
    transport: { publish: (_, frame) => see(lookers.keys(), frame) },
    database: { query: async () => [] },
    groups: { get: () => (isFollowed ? group : undefined) } as unknown as GroupDirectory,
    bus: {
      publish() {},
      send: (_: string, frame: ColdLinkFrame) => {
        if (frame.kind === "presence") told.push(`+${frame.online.join()} -${frame.offline.join()}`);
      },
    } as unknown as Bus,
    log: silentLog,
  });
  const connect = (user: UserId) => {
    const connection = { subscribe() {}, unsubscribe() {}, send: (bytes: Uint8Array) => see([session], bytes) };
    const session = { user, connection } as unknown as Session;
    group.sessions.add(session);
    looking.stir(group.id);
    return session;
  };
  const leave = (session: Session) => {
    group.sessions.delete(session);
    looking.stir(group.id);
  };
  const look = async (session: Session) => {
    lookers.set(session, new Set());
    await looking.open(session, group);
    return lookers.get(session) as Set<UserId>;
  };
  const forget = () => {
    isFollowed = false;
  };
  return { looking, group, connect, leave, look, told, forget };
}

const sorted = (users: ReadonlySet<UserId>) => [...users].sort((a, b) => a - b);
const presence = (online: UserId[], offline: UserId[] = []) =>
  ({ kind: "presence", group: groupId(7), online, offline }) as const;

test("who begins to look between somebody's coming and their going sees both", async () => {
  const { looking, connect, look, leave } = setUp();
  const first = await look(connect(alice));
  const visitor = connect(carol);
  const second = await look(connect(bob));
  assert.deepEqual(sorted(second), [alice, bob, carol]);
  leave(visitor);
  looking.flush();
  assert.deepEqual(sorted(first), [alice, bob]);
  assert.deepEqual(sorted(second), [alice, bob]);
});

test("and so of those who come and go elsewhere", async () => {
  const { looking, connect, look } = setUp();
  await look(connect(alice));
  looking.received("other", presence([carol]));
  const second = await look(connect(bob));
  looking.received("other", presence([], [carol]));
  looking.flush();
  assert.deepEqual(sorted(second), [alice, bob]);
});

test("a server that asks once more is told of those who went since it was told last", () => {
  const { looking, group, connect, leave, told, forget } = setUp();
  const visitor = connect(carol);
  looking.received("other", { kind: "presenceWatch", group: group.id, watching: true });
  leave(visitor);
  looking.received("other", { kind: "presenceWatch", group: group.id, watching: true });
  assert.deepEqual(told, ["+3 -", "+ -3"]);
  connect(bob);
  looking.flush();
  forget();
  looking.stir(group.id);
  looking.flush();
  assert.deepEqual(told.slice(2), ["+2 -", "+ -2"]);
});
