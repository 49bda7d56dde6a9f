import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { accepted } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { FakeNetwork, settle } from "../../testing/fake-network.ts";
import { present } from "../../testing/present.ts";
import { epoch, groupId, seq, seqPlus } from "../../wire/ids.ts";
import { Mailbox } from "./mailbox.ts";
import {
  accept,
  alice,
  answerGroups,
  deliver,
  group,
  letIn,
  online,
  reject,
  say,
  setUp,
  token,
} from "./testing/fake-mail.ts";

const elsewhere = groupId(8);

test("a frame right behind the list of groups is handled after the list", async () => {
  const setup = await online({ startAfter: (_, lastSeq) => lastSeq });
  setup.connection.say({ kind: "left", group, epoch: epoch(2) });
  setup.connection.break();
  await setup.clock.advance(200);
  // The user was admitted again meanwhile; somebody writes as soon as the list is out.
  const again = await setup.network.resumed(alice);
  answerGroups(again, [{ group, lastSeq: 4 }]);
  deliver(again, 5, "hello");
  await settle();
  assert.deepEqual([setup.strays, setup.delivered], [[], ["5 hello"]]);
  // And the other way round: it is listed, and left at once.
  again.break();
  await setup.clock.advance(200);
  const last = await setup.network.resumed(alice);
  answerGroups(last, [{ group, lastSeq: 5 }]);
  last.say({ kind: "left", group, epoch: epoch(3) });
  await settle();
  assert.ok(!setup.mailbox.groups.has(group));
});

test("messages of a group that was left are not passed on, and reported as strayed", async () => {
  const { connection, delivered, strays } = await online();
  deliver(connection, 1, "mine");
  connection.say({ kind: "left", group, epoch: epoch(2) });
  deliver(connection, 2, "not mine");
  assert.deepEqual(delivered, ["1 mine"]);
  assert.deepEqual(strays, [group]);
});

test("messages of a group that the client has never known are neither passed on nor reported", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  deliver(await letIn(setup, []), 1, "not mine");
  assert.deepEqual([setup.delivered, setup.strays], [[], []]);
});

test("a group is announced once, when it is new to the client", async () => {
  const { connection, joined } = await online();
  for (const of of [group, elsewhere, elsewhere]) {
    connection.say({ kind: "joined", group: of, epoch: epoch(1), lastSeq: seq(0), logLength: 1 });
  }
  assert.deepEqual(joined, [group, elsewhere]);
});

test("a group that admits the user while the list of groups is on its way is kept, whatever the list says", async () => {
  const { mailbox, network, left } = setUp();
  mailbox.resume(token);
  const connection = await network.resumed(alice);
  connection.say({ kind: "joined", group, epoch: epoch(1), lastSeq: seq(0), logLength: 1 });
  answerGroups(connection, []);
  await settle();
  assert.deepEqual([mailbox.groups.has(group), left], [true, []]);
});

test("a group that removed and admits the user while they come back is kept, whatever the list says", async () => {
  const { mailbox, network, clock, connection, left, delivered, strays } = await online();
  connection.break();
  await clock.advance(200);
  const next = await network.resumed(alice);
  next.say({ kind: "joined", group, epoch: epoch(3), lastSeq: seq(0), logLength: 3 });
  answerGroups(next, []);
  await settle();
  deliver(next, 1, "mine");
  assert.deepEqual([mailbox.groups.has(group), left, delivered, strays], [true, [], ["1 mine"], []]);
});

test("a mailbox that is online again fetches what it missed, page by page, and passes everything on once", async () => {
  const setup = await online();
  deliver(setup.connection, 1, "one");
  setup.connection.break();
  await setup.clock.advance(200);
  const again = await letIn(setup, [{ group, lastSeq: 4 }]);
  const first = again.request("sync");
  assert.deepEqual([first.after, first.through], [1, 4]);
  deliver(again, 5, "five");
  deliver(again, 2, "two", "three");
  again.say({ kind: "synced", request: first.request, group, after: seq(1), through: seq(3), lastSeq: seq(5) });
  await settle();
  const second = again.request("sync");
  assert.deepEqual([second.after, second.through], [3, 4]);
  deliver(again, 4, "four");
  again.say({ kind: "synced", request: second.request, group, after: seq(3), through: seq(4), lastSeq: seq(5) });
  await settle();
  assert.deepEqual(setup.delivered, ["1 one", "2 two", "3 three", "4 four", "5 five"]);
});

test("a page of history that is refused for now is requested again", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  const connection = await letIn(setup, [{ group, lastSeq: 2 }]);
  const { request } = connection.request("sync");
  connection.say({ kind: "error", request, code: "busy", detail: "", retryAfterMs: 300 });
  await setup.clock.advance(400);
  assert.equal(connection.all("sync").length, 2);
});

test("what a broken connection did not deliver is requested over the next, of all groups", async () => {
  const setup = setUp();
  const groups = Array.from({ length: 6 }, (_, i) => ({ group: groupId(10 + i), lastSeq: 2 }));
  setup.mailbox.resume(token);
  const connection = await letIn(setup, groups);
  assert.equal(connection.all("sync").length, 4, "a few at a time");
  setup.mailbox.goOffline();
  setup.mailbox.goOnline();
  const again = await letIn(setup, groups);
  for (let page = 0; page < groups.length; page++) {
    const { request, group: of, after, through } = present(again.all("sync")[page]);
    again.say({ kind: "synced", request, group: of, after, through, lastSeq: through });
    await settle();
  }
  assert.deepEqual(
    again.all("sync").map((of) => [of.group, of.after, of.through]),
    groups.map((of) => [of.group, 0, 2]),
  );
});

test("a patient request is made again four times a second where the server names no pause", async () => {
  const { mailbox, connection, clock, network } = await online();
  network.answersPings = false;
  const asking = mailbox.requestPatiently({ kind: "ping" });
  connection.say({ kind: "error", request: connection.request("ping").request, code: "busy", detail: "" });
  await clock.advance(249);
  assert.equal(connection.all("ping").length, 1);
  await clock.advance(1);
  assert.equal(connection.all("ping").length, 2);
  connection.say({ kind: "pong", request: connection.request("ping").request });
  assert.ok((await asking).ok);
});

test("a mailbox that was closed has no timer left, whatever it waited for, and begins none", async () => {
  const pause = { retryAfterMs: 50_000 };
  const setup = await online();
  const { mailbox, connection, clock } = setup;
  const refuse = (kind: "log" | "sync") =>
    connection.say({ kind: "error", request: connection.request(kind).request, code: "busy", detail: "", ...pause });
  reject(connection, say(mailbox, "paused").id, "busy", pause);
  const asking = mailbox.requestPatiently({ kind: "log", group, from: 0 });
  refuse("log");
  deliver(connection, 2, "behind a gap");
  await clock.advance(200);
  refuse("sync");
  await settle();
  deliver(connection, 4, "behind another");
  assert.ok(clock.waiting >= 4);
  mailbox.close();
  assert.equal(clock.waiting, 0);
  const reply = await asking;
  assert.equal(!reply.ok && reply.reason.code, "offline");
  say(mailbox, "too late");
  assert.equal(clock.waiting, 0);

  // Nor of the pace of its messages, or of a list of groups that was refused.
  const other = setUp();
  other.mailbox.resume(token);
  other.mailbox.enter({ group, epoch: epoch(1), lastSeq: seq(0), logLength: 1 });
  const next = await other.network.resumed(alice);
  const { id } = say(other.mailbox, "over the budget");
  reject(next, id, "rate_limited", { ...pause, remaining: 1 });
  next.say({ kind: "error", request: next.request("groups").request, code: "busy", detail: "", ...pause });
  await settle();
  assert.ok(other.clock.waiting >= 3);
  other.mailbox.close();
  assert.equal(other.clock.waiting, 0);
});

test("a list of groups that is refused for now is requested again", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  const last = await accept(setup);
  last.welcome(alice);
  await settle();
  last.say({ kind: "error", request: last.request("groups").request, code: "busy", detail: "", retryAfterMs: 200 });
  await setup.clock.advance(300);
  assert.equal(last.all("groups").length, 2);
});

test("whatever pause a server names, no request is repeated in a loop, and none is given up for ever", async () => {
  const perSecondMax = 20;
  for (const [retryAfterMs, seconds, stepMs] of [
    [0, 5, 10],
    [2 ** 40, 130, 100],
  ] as const) {
    const setup = setUp();
    setup.mailbox.resume(token);
    const connection = await letIn(setup, [{ group, lastSeq: 2 }]);
    say(setup.mailbox, "hello");
    const asking = setup.mailbox.requestPatiently({ kind: "log", group, from: 0 });
    const kinds = ["sync", "log", "send"] as const;
    let answered = 0;
    const refuseAll = () => {
      for (; answered < connection.received.length && answered < 10_000; answered++) {
        const frame = connection.received[answered];
        if (frame?.kind === "send") reject(connection, frame.clientMessageId, "busy", { retryAfterMs });
        else if (frame?.kind === "sync" || frame?.kind === "log") {
          connection.say({ kind: "error", request: frame.request, code: "busy", detail: "", retryAfterMs });
        }
      }
    };
    for (let ms = 0; ms < seconds * 1000; ms += stepMs) {
      refuseAll();
      await setup.clock.advance(stepMs);
    }
    for (const kind of kinds) {
      const count = connection.all(kind).length;
      assert.ok(count <= seconds * perSecondMax + 1, `${count} times ${kind} for a pause of ${retryAfterMs}`);
      assert.ok(count >= 3, `${count} times ${kind} for a pause of ${retryAfterMs}`);
    }
    setup.mailbox.close();
    await setup.clock.advance(61_000);
    await asking;
  }
});

test("a group that is new to the client is read from the seq that its caller names", async () => {
  const setup = setUp({ startAfter: (_, lastSeq) => seqPlus(lastSeq, -2) });
  setup.mailbox.resume(token);
  const connection = await letIn(setup, [{ group, lastSeq: 10 }]);
  assert.deepEqual([connection.request("sync").after, connection.request("sync").through], [8, 10]);
});

test("a group that is not in the list was left while the client was away", async () => {
  const setup = await online();
  setup.connection.break();
  await setup.clock.advance(200);
  await letIn(setup, []);
  assert.deepEqual([setup.left, setup.mailbox.groups.has(group)], [[group], false]);
});

test("the list of groups says how far the user has read at their other machines", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  await letIn(setup, [{ group, lastSeq: 5, readSeq: 3 }]);
  assert.deepEqual(setup.read, [[group, 3]]);
});

test("a list of groups that was refused is not asked for again over a connection that has broken", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  const connection = await setup.network.resumed(alice);
  const { request } = connection.request("groups");
  connection.say({ kind: "error", request, code: "busy", detail: "", retryAfterMs: 1000 });
  await settle();
  connection.break();
  await setup.clock.advance(200);
  const again = await letIn(setup);
  await setup.clock.advance(3000);
  assert.equal(again.all("groups").length, 1, "the one that this connection began with");
});

test("a mailbox that is online knows its server's name, and none without a connection", async () => {
  const { mailbox, connection } = await online();
  assert.equal(mailbox.server, "s0");
  connection.break();
  assert.equal(mailbox.server, undefined);
});

test("there is room for as many messages as the mailbox may have under way", async () => {
  const { mailbox } = await online({ outboxMax: 2 });
  say(mailbox, "one");
  assert.deepEqual([mailbox.hasRoom, mailbox.unsettled], [true, 1]);
  say(mailbox, "two");
  assert.deepEqual([mailbox.hasRoom, mailbox.unsettled], [false, 2]);
});

test("an id that was drawn is another one than those of all messages, and the time is the clock's", async () => {
  const { mailbox, clock } = setUp();
  const [first, second] = [mailbox.nextId(), mailbox.nextId()];
  assert.ok(second > first);
  assert.ok(say(mailbox, "hello").id > second);
  assert.equal(mailbox.now(), clock.now());
});

test("history from before a group's feed is read beside it", async () => {
  const { mailbox, connection, delivered } = await online({ startAfter: (_, lastSeq) => lastSeq });
  connection.say({ kind: "joined", group: elsewhere, epoch: epoch(1), lastSeq: seq(9), logLength: 1 });
  const reading = mailbox.history(group, { after: seq(0), through: seq(2) });
  const { request, after, through } = connection.request("sync");
  assert.deepEqual([after, through], [0, 2]);
  deliver(connection, 1, "one", "two");
  connection.say({ kind: "synced", request, group, after, through, lastSeq: through });
  const read = await reading;
  assert.ok(read.ok);
  assert.deepEqual(
    read.value.map(([at, { payload }]) => [at, Buffer.from(payload).toString()]),
    [
      [1, "one"],
      [2, "two"],
    ],
  );
  assert.deepEqual(delivered, ["1 one", "2 two"]);
});

test("a round trip takes as long as the server's answer to a ping", async () => {
  const { mailbox, connection, clock, network } = await online();
  network.answersPings = false;
  const asking = mailbox.roundTrip();
  clock.stall(40);
  connection.say({ kind: "pong", request: connection.request("ping").request });
  assert.deepEqual(await asking, accepted(40));
  connection.break();
  const none = await mailbox.roundTrip();
  assert.equal(!none.ok && none.reason.code, "offline");
});

test("how far the user has read is told to the server", async () => {
  const { mailbox, connection } = await online();
  mailbox.read(group, seq(3));
  assert.deepEqual(connection.all("read"), [{ kind: "read", group, seq: 3 }]);
});

test("a group that its founder enters is one of the mailbox's, before the server has said so", async () => {
  const { mailbox } = await online();
  mailbox.enter({ group: elsewhere, epoch: epoch(4), lastSeq: seq(0), logLength: 1 });
  assert.equal(mailbox.groups.get(elsewhere)?.epoch, 4);
});

test("notices about watched groups are passed on, and a mailbox whose owner does not care does without", async () => {
  const notice = { kind: "typing", group, users: [alice] } as const;
  const activities: unknown[] = [];
  for (const events of [{}, { activity: (of: unknown) => activities.push(of) }]) {
    const network = new FakeNetwork();
    const mailbox = new Mailbox(
      {
        dial: async () => accepted("ws://server/v1"),
        open: network.open,
        clock: new FakeClock(),
        random: seededRandom(1),
      },
      { outboxMax: 1 },
      { connection() {}, delivered() {}, missing() {}, ...events },
    );
    mailbox.resume(token);
    const connection = await letIn({ network });
    connection.say(notice);
    connection.say({ kind: "left", group, epoch: epoch(2) });
    deliver(connection, 1, "not mine");
    assert.equal(mailbox.state, "online");
    connection.say({ kind: "goAway", reason: "draining" });
  }
  assert.deepEqual(activities, [notice]);
});
