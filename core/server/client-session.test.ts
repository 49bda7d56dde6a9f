import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupOfUser } from "../store/groups.ts";
import { epoch, type GroupId, groupId, seq, userId } from "../wire/ids.ts";
import { ClientSession } from "./client-session.ts";
import type { ServerContext } from "./server-context.ts";
import type { FollowedGroup } from "./sessions/session.ts";
import type { Connection } from "./transport/transport.ts";

const alice = userId(1);

function followed(id: GroupId): FollowedGroup {
  return {
    id,
    topic: `g${id}`,
    presenceTopic: `l${id}`,
    epoch: epoch(1),
    lastSeq: seq(3),
    deliveredSeq: seq(3),
    logLength: 1,
    members: new Set([alice]),
    sessions: new Set(),
    idleSinceMs: 0,
  };
}

/** Alice's session at a server where, while her memberships are read, something happens. */
function sessionOf(groups: readonly FollowedGroup[], whileReading: (session: ClientSession) => readonly GroupOfUser[]) {
  const find = async (id: GroupId) => groups.find((group) => group.id === id);
  const context = {
    strangers: new Map(),
    users: { add() {} },
    memberships: { get: async () => whileReading(session) },
    groups: { follow: find, reload: find, enter() {}, leave() {} },
    presence: { stir() {}, close() {} },
  } as unknown as ServerContext;
  const connection = { subscribe() {}, unsubscribe() {}, send() {} } as unknown as Connection;
  const session = new ClientSession(context, connection);
  session.authenticated({ id: new Uint8Array(16), user: alice, name: "alice", expiresAt: 0 }, true);
  return session;
}

const listed = async (session: ClientSession) =>
  (await session.enterGroups()).map(({ group, readSeq }) => `${group.id} read to ${readSeq}`);

test("a group that the user is admitted to while the list is being read is on the list", async () => {
  const [old, fresh] = [followed(groupId(7)), followed(groupId(8))];
  const session = sessionOf([old, fresh], (reading) => {
    reading.enterGroup(fresh);
    return [{ user: alice, group: old.id, readSeq: seq(2) }];
  });
  assert.deepEqual(await listed(session), ["8 read to 0", "7 read to 2"]);
});

test("a group that the user is removed from while the list is being read is not on the list", async () => {
  const group = followed(groupId(7));
  const session = sessionOf([group], () => {
    group.members.delete(alice);
    return [{ user: alice, group: group.id, readSeq: seq(2) }];
  });
  assert.deepEqual(await listed(session), []);
});
