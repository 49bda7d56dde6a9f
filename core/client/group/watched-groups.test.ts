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

/** Open groups of a user whose other end is the test; `told` is what the user has seen, in order. */
function setUp() {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  const told: string[] = [];
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
      presence: (_, online) => told.push(`online ${[...online].sort((a, b) => a - b).join()}`),
      typing: (_, user) => told.push(`${user} writes`),
      cursors: (_, cursors) => told.push(`read ${[...cursors].map(([user, at]) => `${user}:${at}`).join()}`),
    },
  );
  mailbox.resume(token);
  const letIn = async (): Promise<FakeConnection> => {
    const connection = await network.resumed(alice);
    connection.say({
      kind: "groups",
      request: connection.request("groups").request,
      groups: [{ group, epoch: epoch(1), lastSeq: seq(0), logLength: 1, readSeq: seq(0) }],
    });
    await settle();
    return connection;
  };
  return { network, clock, told, watched, letIn };
}

test("who looks at a group sees who is here and who has read how far, all of it at any time", async () => {
  const { watched, letIn, told } = setUp();
  watched.watch(group);
  const connection = await letIn();
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
  assert.deepEqual(told, ["online 1,2", "read 2:5", "online 1,3", "read 2:5,3:3"]);
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
  assert.equal(told.length, 4);
  assert.equal(watched.online(group).size, 0);
  assert.deepEqual(connection.all("close"), [{ kind: "close", group }]);
});

test("without a connection nobody is known to be here, and another connection asks again", async () => {
  const { watched, letIn, told, clock } = setUp();
  const first = await letIn();
  watched.watch(group);
  first.say({ kind: "presence", group, online: [alice, bob], offline: [] });
  first.say({ kind: "cursors", group, cursors: [[bob, seq(5)]] });
  first.break();
  assert.equal(told.at(-1), "online ");
  assert.equal(watched.cursors(group).get(bob), 5, "what was read stays read");
  await clock.advance(100);
  const second = await letIn();
  assert.equal(second.all("open").length, 1);
  second.say({ kind: "presence", group, online: [alice], offline: [] });
  assert.deepEqual([...watched.online(group)], [alice]);
  watched.unwatch(group);
  second.break();
  await clock.advance(100);
  assert.equal((await letIn()).all("open").length, 0, "a group that was closed");
});

test("a server that let the question fall is asked again, until it begins to tell", async () => {
  const { watched, letIn, clock } = setUp();
  const connection = await letIn();
  watched.watch(group);
  await clock.advance(11_000);
  assert.equal(connection.all("open").length, 3);
  connection.say({ kind: "presence", group, online: [alice], offline: [] });
  await clock.advance(60_000);
  assert.equal(connection.all("open").length, 3);
  watched.unwatchAll();
  assert.equal(clock.nextInMs, undefined);
});

test("a group that the user left tells nothing until they are back in it", async () => {
  const { watched, letIn, told } = setUp();
  const connection = await letIn();
  watched.watch(group);
  connection.say({ kind: "presence", group, online: [alice, bob], offline: [] });
  watched.left(group);
  assert.equal(told.at(-1), "online ");
  watched.entered(group);
  assert.equal(connection.all("open").length, 2);
});

test("others are told once in a while that the user is writing, and the user of others only", async () => {
  const { watched, letIn, told, clock } = setUp();
  const connection = await letIn();
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
  assert.deepEqual(told, [], "nobody looks at it");
  watched.watch(group);
  connection.say({ kind: "typing", group, users: [alice, bob, carol] });
  assert.deepEqual(told, ["2 writes", "3 writes"]);
  connection.break();
  watched.typing(group);
  assert.equal(typings(), 3);
});
