import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { accepted } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { type FakeConnection, FakeNetwork, settle } from "../../testing/fake-network.ts";
import { epoch, groupId, seq, userId } from "../../wire/ids.ts";
import { Mailbox } from "../mail/mailbox.ts";
import { WatchedGroups } from "./watched-groups.ts";

const group = groupId(7);
const [alice, bob, carol] = [userId(1), userId(2), userId(3)];
const token = Buffer.from("token");

/** A user's watched groups, with the test as their server; `shown` is what the user has seen, in order. */
function setUp() {
  const network = new FakeNetwork();
  network.answersPings = true;
  const clock = new FakeClock();
  const shown: string[] = [];
  const mailbox: Mailbox = new Mailbox(
    { dial: async () => accepted("ws://server/v1"), open: network.open, clock, random: seededRandom(1) },
    { outboxMax: 10 },
    {
      connection: (state) => (state === "online" ? undefined : watched.interrupted()),
      delivered() {},
      missing() {},
      ready: () => [...mailbox.groups.keys()].forEach((id) => watched.entered(id)),
      activity: (notice) => watched.noticed(notice),
    },
  );
  const watched: WatchedGroups = new WatchedGroups(
    { mailbox, clock, user: () => alice },
    {
      presence: (_, online) => shown.push(`online ${[...online].sort((a, b) => a - b).join()}`),
      typing: (_, user) => shown.push(`${user} writes`),
      cursors: (_, cursors) => shown.push(`read ${[...cursors].map(([user, at]) => `${user}:${at}`).join()}`),
    },
  );
  mailbox.resume(token);
  const goOnline = async (): Promise<FakeConnection> => {
    const connection = await network.resumed(alice);
    connection.say({
      kind: "groups",
      request: connection.request("groups").request,
      groups: [{ group, epoch: epoch(1), lastSeq: seq(0), logLength: 1, readSeq: seq(0) }],
    });
    await settle();
    return connection;
  };
  return { network, clock, shown, watched, goOnline };
}

test("a user who watches a group sees who is online and how far members have read, at any time", async () => {
  const { watched, goOnline, shown } = setUp();
  watched.watch(group);
  const connection = await goOnline();
  assert.deepEqual(connection.all("open"), [{ kind: "open", group }]);
  connection.say({ kind: "presence", group, online: [alice, bob], offline: [] });
  connection.say({ kind: "cursors", group, cursors: [[bob, seq(5)]] });
  connection.say({ kind: "presence", group, online: [carol], offline: [bob] });
  connection.say({
    kind: "cursors",
    group,
    cursors: [
      [carol, seq(3)],
      [bob, seq(4)],
    ],
  });
  assert.deepEqual(shown, ["online 1,2", "read 2:5", "online 1,3", "read 2:5,3:3"]);
  assert.deepEqual(
    [...watched.online(group)].sort((a, b) => a - b),
    [alice, carol],
  );
  assert.deepEqual(
    watched.cursors(group),
    new Map([
      [bob, 5],
      [carol, 3],
    ]),
  );
  watched.unwatch(group);
  connection.say({ kind: "presence", group, online: [bob], offline: [] });
  assert.equal(shown.length, 4);
  assert.equal(watched.online(group).size, 0);
  assert.deepEqual(connection.all("close"), [{ kind: "close", group }]);
});

test("without a connection nobody is shown as online, and the next connection watches again", async () => {
  const { watched, goOnline, shown, clock } = setUp();
  const first = await goOnline();
  watched.watch(group);
  first.say({ kind: "presence", group, online: [alice, bob], offline: [] });
  first.say({ kind: "cursors", group, cursors: [[bob, seq(5)]] });
  first.break();
  assert.equal(shown.at(-1), "online ");
  assert.equal(watched.cursors(group).get(bob), 5, "what was read stays read");
  await clock.advance(100);
  const second = await goOnline();
  assert.equal(second.all("open").length, 1);
  second.say({ kind: "presence", group, online: [alice], offline: [] });
  assert.deepEqual([...watched.online(group)], [alice]);
  watched.unwatch(group);
  second.break();
  await clock.advance(200);
  assert.equal((await goOnline()).all("open").length, 0, "a group that was closed");
});

test("the client asks again to watch a group until the server sends a notice", async () => {
  const { watched, goOnline, clock } = setUp();
  const connection = await goOnline();
  watched.watch(group);
  await clock.advance(11_000);
  assert.equal(connection.all("open").length, 3);
  connection.say({ kind: "presence", group, online: [alice], offline: [] });
  await clock.advance(60_000);
  assert.equal(connection.all("open").length, 3);
  watched.unwatchAll();
  assert.equal(clock.waiting, 1, "the connection's pulse goes on alone");
});

test("a group that the user has left shows nobody as online until they are back in it", async () => {
  const { watched, goOnline, shown } = setUp();
  const connection = await goOnline();
  watched.watch(group);
  connection.say({ kind: "presence", group, online: [alice, bob], offline: [] });
  watched.left(group);
  assert.equal(shown.at(-1), "online ");
  watched.entered(group);
  assert.equal(connection.all("open").length, 2);
});

test("the client sends once in a while that the user is writing, and shows only that others are", async () => {
  const { watched, goOnline, shown, clock } = setUp();
  const connection = await goOnline();
  const typings = () => connection.all("typing").length;
  for (const [passMs, said] of [
    [0, 1],
    [1000, 1],
    [1999, 1],
    [1, 2],
    [2999, 2],
  ] as const) {
    await clock.advance(passMs);
    watched.typing(group);
    watched.typing(group);
    assert.equal(typings(), said);
  }
  watched.typing(groupId(8));
  assert.equal(typings(), 3, "each group for itself");
  connection.say({ kind: "typing", group, users: [bob] });
  assert.deepEqual(shown, [], "nobody looks at it");
  watched.watch(group);
  connection.say({ kind: "typing", group, users: [alice, bob, carol] });
  assert.deepEqual(shown, ["2 writes", "3 writes"]);
  connection.break();
  watched.typing(group);
  assert.equal(typings(), 3);
});
