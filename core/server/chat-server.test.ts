import assert from "node:assert/strict";
import { test } from "node:test";
import { socketUrl } from "../cluster/launcher/cluster.ts";
import type { Clock } from "../platform/clock.ts";
import { silentLog } from "../platform/log.ts";
import { Database } from "../store/database.ts";
import { insertSession, revokeSession } from "../store/sessions.ts";
import { freshDatabase, openFreshDatabase, sharedServerUrl } from "../testing/database.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { RawClient } from "../testing/raw-client.ts";
import { opcodes, RawConnection, upgradeRequest } from "../testing/raw-connection.ts";
import { errorOf, send } from "../testing/session-frames.ts";
import { insertGroup } from "../testing/stored-group.ts";
import { transportsHere } from "../testing/transports-here.ts";
import { until } from "../testing/until.ts";
import { groupId, userId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import type { BusEvents } from "./bus.ts";
import type { ChatServer } from "./chat-server.ts";
import { deafBus } from "./testing/doubles.ts";
import { loneServer, loneTokens } from "./testing/lone-server.ts";

const alice = userId(1);

const connected = (server: ChatServer) => RawClient.open(socketUrl("127.0.0.1", server.port));

/** Alice's session, by a token of its own. */
const sessionOf = (clock: Clock) => loneTokens.issue(alice, "alice", clock.now());

async function resumed(server: ChatServer, token: Uint8Array): Promise<RawClient> {
  const raw = await connected(server);
  assert.equal((await raw.ask({ kind: "resume", token })).kind, "welcome");
  return raw;
}

const read = async (server: ChatServer, path: string) => {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return { status: response.status, text: await response.text() };
};

for (const transport of transportsHere) {
  test(`who has not logged in after ten seconds is cut off, and who has is not (${transport})`, async () => {
    const clock = new FakeClock();
    const server = await loneServer(await freshDatabase(), { clock }, { transport });
    const early = await connected(server);
    const holder = await resumed(server, sessionOf(clock).token);
    await clock.advance(5_000);
    const late = await connected(server);
    await clock.advance(limits.authenticationMsMax - 5_000);
    assert.equal((await early.ask({ kind: "ping" })).kind, "pong");
    await clock.advance(2_000);
    assert.equal((await early.ended()).error, "authentication_timeout");
    assert.equal((await late.ask({ kind: "ping" })).kind, "pong");
    await clock.advance(20_000);
    assert.equal((await late.ended()).error, "authentication_timeout");
    assert.equal((await holder.ask({ kind: "ping" })).kind, "pong");
  });

  test(`a server takes as many connections as it may, and one that was refused counts no more, though its client does not close it (${transport})`, async () => {
    const clock = new FakeClock();
    const connectionsMax = 2;
    const bounds = { connectionsMax, sends: { burst: 1, perSecond: 1 }, logins: { burst: 1, perSecond: 1 } };
    const server = await loneServer(await freshDatabase(), { clock }, { transport, limits: bounds });
    const holder = await resumed(server, sessionOf(clock).token);
    const stranger = await connected(server);
    const stubborn = new RawConnection(server.port);
    stubborn.send(upgradeRequest());
    assert.equal((await stubborn.answer()).status, 101);
    for (let frame = await stubborn.frame(); frame?.opcode !== opcodes.close; ) frame = await stubborn.frame();
    assert.equal(server.load().connections, connectionsMax);
    stranger.destroy();
    await until(() => server.load().connections < connectionsMax, "a connection that has ended counts no more");
    const next = await connected(server);
    assert.equal((await next.ask({ kind: "ping" })).kind, "pong");
    assert.equal((await holder.ask({ kind: "ping" })).kind, "pong");
  });
}

test("a session that was ended resumes nothing at a server that starts later, nor at one to which nobody has told it", async () => {
  const clock = new FakeClock(Date.now());
  const database = await openFreshDatabase();
  const sessions = ["before", "unheard", "heard"].map(() => sessionOf(clock));
  for (const { session } of sessions) {
    await insertSession(database, { ...session, expiresAt: new Date(session.expiresAt) });
  }
  const [before, unheard, heard] = sessions;
  assert.ok(before && unheard && heard);
  await revokeSession(database, before.session.id);
  let events: BusEvents | undefined;
  const bus = {
    ...deafBus("s0"),
    listen(of: BusEvents) {
      events = of;
    },
  };
  const server = await loneServer(database.url, { clock, bus });
  const stranger = await connected(server);
  assert.equal(errorOf(await stranger.ask({ kind: "resume", token: before.token })), "token_invalid");

  const first = await resumed(server, heard.token);
  const second = await resumed(server, unheard.token);
  events?.received("s1", { kind: "revoked", session: heard.session.id });
  await first.ended();
  assert.equal((await second.ask({ kind: "ping" })).kind, "pong", "another session of the user goes on");
  await revokeSession(database, unheard.session.id);
  await until(async () => {
    await clock.advance(5_000);
    return second.closed !== undefined;
  }, "the server reads from the database which sessions were ended");
});

test("what has expired is deleted now and then, and groups that nobody is in any more are forgotten", async () => {
  const clock = new FakeClock();
  const database = await openFreshDatabase();
  await insertGroup(database, 7, { expireSeconds: 1, lastSeq: 1 });
  await database.query({
    text: `INSERT INTO messages (group_id, seq, sender_id, client_message_id, epoch, type, sent_at, payload)
           VALUES (7, 1, 1, 1, 1, 0, $1, '')`,
    values: [clock.now()],
  });
  await database.query({
    text: "INSERT INTO memberships (group_id, user_id, admin, fingerprint, since) VALUES (7, 1, true, '', 0)",
  });
  const server = await loneServer(database.url, { clock }, { expiryPeriodMs: 30_000 });
  const holder = await resumed(server, sessionOf(clock).token);
  assert.equal((await holder.ask({ kind: "groups" })).kind, "groups");
  const followed = async () => /^fastchat_groups\S* (\d+)$/m.exec((await read(server, "/metrics")).text)?.[1];
  assert.equal(await followed(), "1");
  await clock.advance(29_000);
  const kept = () => database.query({ text: "SELECT seq FROM messages" });
  assert.equal((await kept()).length, 1);
  await clock.advance(1_000);
  await until(async () => (await kept()).length === 0, "the message is deleted");
  assert.equal(await followed(), "1");
  holder.destroy();
  await until(() => server.load().connections === 0, "nobody is connected");
  await clock.advance(32_000);
  assert.equal(await followed(), "0");
});

test("without its database a server is not ready, and when it stops it waits five seconds for what it has taken in", async () => {
  const clock = new FakeClock();
  const database = await openFreshDatabase();
  await insertGroup(database, 7);
  await database.query({
    text: "INSERT INTO memberships (group_id, user_id, admin, fingerprint, since) VALUES (7, 1, true, '', 0)",
  });
  const server = await loneServer(database.url, { clock });
  assert.equal((await read(server, "/readyz")).status, 200);
  const holder = await resumed(server, sessionOf(clock).token);
  assert.equal((await holder.ask({ kind: "groups" })).kind, "groups");
  await takeAway(database.url);
  await until(async () => (await read(server, "/readyz")).text === "database_away\n", "the server notices");
  holder.sendBytes(send(groupId(7), 1));
  await holder.ask({ kind: "ping" });
  let hasDrained = false;
  const draining = server.drain().then(() => {
    hasDrained = true;
  });
  await holder.next(({ kind }) => kind === "goAway");
  await clock.advance(4_999);
  assert.ok(!hasDrained && holder.closed === undefined);
  await clock.advance(1);
  await draining;
  assert.equal((await holder.ended()).error, "draining");
  assert.ok(!holder.frames.some(({ kind }) => kind === "ack"));
});

/** Lets nobody connect to a database any more, and breaks its connections. */
async function takeAway(databaseUrl: string): Promise<void> {
  const name = new URL(databaseUrl.replace(/@[^/]*/, "@host")).pathname.slice(1);
  const admin = new Database(await sharedServerUrl(), { connectionsMax: 1, log: silentLog });
  await admin.query({ text: `ALTER DATABASE ${name} ALLOW_CONNECTIONS false` });
  await admin.query({
    text: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
    values: [name],
  });
  await admin.close();
}
