import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../platform/log.ts";
import type { GroupOfUser, GroupRecord } from "../store/groups.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { present } from "../testing/present.ts";
import { epoch, groupId, nextEpoch, seq, userId } from "../wire/ids.ts";
import { assembleServer } from "./assemble.ts";
import { ClientSession } from "./client-session.ts";
import type { ServerContext } from "./server-context.ts";
import { busyOpaque, connectionDouble, databaseDouble, deafBus } from "./testing/doubles.ts";

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

/** Alice's groups, as her session lists them, when something happens while her memberships are read. */
async function listed(
  whileReading: (session: ClientSession, server: ServerContext) => Promise<readonly GroupOfUser[]>,
): Promise<string[]> {
  const clock = new FakeClock();
  const server = assembleServer({
    transport: { publish() {} },
    database: databaseDouble(async ({ name }) =>
      name === "groups-of-users" ? whileReading(session, server) : records,
    ),
    writer: { append: () => false, waiting: 0, away: false },
    bus: deafBus("s0"),
    opaque: busyOpaque,
    clock,
    log: silentLog,
    limits: { connectionsMax: 1, sends: { burst: 1, perSecond: 1 }, logins: { burst: 1, perSecond: 1 } },
    tokenSecret: new Uint8Array(32),
    tokenLifetimeMs: 1e9,
  });
  const session: ClientSession = new ClientSession(server, connectionDouble());
  session.authenticated({ id: new Uint8Array(16), user: alice, name: "alice", expiresAt: 0 }, true);
  return (await session.enterGroups()).map(({ group, readSeq }) => `${group.id} read to ${readSeq}`);
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
