import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import { encodeClientFrame, encodeRequest } from "../../wire/client-frame.ts";
import { groupId, userId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { parseServerFrame } from "../../wire/server-frame.ts";
import { ClientSession } from "../client-session.ts";
import { claimsOf, connectionDouble, databaseDouble, serverDouble } from "../testing/doubles.ts";

const alice = userId(1);

/** A connection, alice's or a stranger's, whose queries the test answers; `replies` has their numbers and kinds, and the codes of refusals. */
function newSession(user?: typeof alice) {
  const clock = new FakeClock();
  const queries: { resolve(rows: readonly object[]): void; reject(cause: Error): void }[] = [];
  const replies: string[] = [];
  const retries: (number | undefined)[] = [];
  const database = databaseDouble(() => new Promise((resolve, reject) => queries.push({ resolve, reject })));
  const server = serverDouble(database, { clock });
  const connection = connectionDouble({
    send(bytes) {
      const frame = parseServerFrame(bytes);
      assert.ok(frame.ok);
      const reply = frame.value;
      const request = "request" in reply ? reply.request : undefined;
      replies.push(`${request ?? "no"} ${reply.kind}${reply.kind === "error" ? ` ${reply.code}` : ""}`);
      if (reply.kind === "error") retries.push(reply.retryAfterMs);
    },
  });
  const session = new ClientSession(server, connection);
  if (user !== undefined) {
    session.authenticated(claimsOf(user, "alice"), true);
  }
  const ping = (request: number) => session.received(encodeRequest({ kind: "ping" }, request));
  /** A request for which the server needs the database. */
  const fetch = (request: number) => session.received(encodeRequest({ kind: "fetchBackup" }, request));
  const query = (index: number) => present(queries[index], `query ${index}`);
  return { session, server, clock, queries, query, replies, retries, ping, fetch };
}

test("each reply has the number of its request, and no request waits for one that takes a while", async () => {
  const { fetch, ping, query, replies, clock } = newSession(alice);
  fetch(5);
  fetch(6);
  ping(7);
  query(1).resolve([{ backup: null }]);
  await clock.advance(0);
  query(0).resolve([{ backup: null }]);
  await clock.advance(0);
  assert.deepEqual(replies, ["7 pong", "6 backup", "5 backup"]);
});

test("a connection that has not logged in is ended by a frame for users, whether a request or not", () => {
  for (const frame of [
    encodeRequest({ kind: "groups" }, 1),
    encodeClientFrame({ kind: "typing", group: groupId(7) }),
  ]) {
    const { session, replies, queries, ping } = newSession();
    ping(1);
    assert.deepEqual(replies, ["1 pong"], "anyone may ask this");
    session.received(frame);
    assert.deepEqual(replies.slice(1), ["no error not_authenticated"]);
    assert.ok(session.isOver);
    assert.equal(queries.length, 0);
  }
});

test("a login on a connection of a user is refused, and the connection goes on", () => {
  const { session, replies, ping } = newSession(alice);
  session.received(encodeRequest({ kind: "resume", token: new Uint8Array(1) }, 4));
  ping(5);
  assert.deepEqual(replies, ["4 error already_authenticated", "5 pong"]);
});

test("a connection has so many requests under way at most; those that are answered at once do not count", async () => {
  const { fetch, ping, queries, query, replies, retries, clock } = newSession(alice);
  const max = limits.requestsInFlightMax;
  for (let request = 0; request <= max; request++) fetch(request);
  ping(100);
  assert.deepEqual(replies, [`${max} error busy`, "100 pong"]);
  assert.deepEqual(retries, [500]);
  assert.equal(queries.length, max);
  query(0).resolve([{ backup: null }]);
  await clock.advance(0);
  fetch(101);
  assert.equal(queries.length, max + 1);
});

test("a request that finds the database away is refused for now; one that fails otherwise is, as the server's fault", async () => {
  for (const [code, cause] of [
    ["busy", new Error("connect ECONNREFUSED")],
    ["internal", new Error("a mistake in the server")],
  ] as const) {
    const { fetch, query, replies, retries, clock } = newSession(alice);
    fetch(1);
    query(0).reject(cause);
    await clock.advance(0);
    assert.deepEqual([replies, retries], [[`1 error ${code}`], [500]]);
  }
});

test("a request whose connection has ended meanwhile gets no reply", async () => {
  const { session, fetch, query, replies, clock } = newSession(alice);
  fetch(1);
  session.closed();
  query(0).resolve([{ backup: null }]);
  await clock.advance(0);
  assert.deepEqual(replies, []);
});
