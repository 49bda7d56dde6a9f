import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { accepted, refused } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { type FakeConnection, FakeNetwork, settle } from "../../testing/fake-network.ts";
import { writeUint64 } from "../../wire/bytes.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import { type ClientMessageId, type Epoch, epoch, groupId, type Seq, seq, userId } from "../../wire/ids.ts";
import { opaqueBytes } from "../../wire/opaque-bytes.ts";
import type { SendFrame } from "../../wire/send-frame.ts";
import { Mailbox, type MailboxOptions } from "./mailbox.ts";
import type { SealTarget, SendOutcome } from "./outgoing-message.ts";

const group = groupId(7);
const token = Buffer.from("token");
const alice = userId(1);

interface Setup {
  readonly mailbox: Mailbox;
  readonly network: FakeNetwork;
  readonly clock: FakeClock;
  readonly delivered: string[];
  readonly states: string[];
  readonly left: number[];
  readonly strays: number[];
}

function setUp(options: Partial<MailboxOptions> = {}): Setup {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  const delivered: string[] = [];
  const states: string[] = [];
  const left: number[] = [];
  const strays: number[] = [];
  const mailbox = new Mailbox(
    { dial: async () => accepted("ws://server/v1"), open: network.open, clock, random: seededRandom(1) },
    { outboxMax: 10, startAfter: () => seq(0), ...options },
    {
      connection: (state) => states.push(state),
      delivered: (_, message) => delivered.push(`${message.seq} ${Buffer.from(message.payload).toString()}`),
      missing: (_, from, through) => delivered.push(`${from}-${through} missing`),
      left: (of) => left.push(of),
      strayed: (of) => strays.push(of),
    },
  );
  return { mailbox, network, clock, delivered, states, left, strays };
}

/** Lets the newest connection in, as a user of these groups. */
async function letIn(
  { network }: Setup,
  groups: readonly { group: typeof group; at?: number; lastSeq?: number }[] = [{ group }],
): Promise<FakeConnection> {
  const connection = await network.resumed(alice);
  answerGroups(connection, groups);
  await settle();
  return connection;
}

function answerGroups(
  connection: FakeConnection,
  groups: readonly { group: typeof group; at?: number; lastSeq?: number }[],
): void {
  const { request } = connection.request("groups");
  connection.say({
    kind: "groups",
    request,
    groups: groups.map(({ group: id, at = 1, lastSeq = 0 }) => ({
      group: id,
      epoch: epoch(at),
      lastSeq: seq(lastSeq),
      logLength: 1,
      readSeq: seq(0),
    })),
  });
}

/** Online, in one group. */
async function online(options: Partial<MailboxOptions> = {}): Promise<Setup & { readonly connection: FakeConnection }> {
  const made = setUp(options);
  made.mailbox.resume(token);
  return { ...made, connection: await letIn(made) };
}

function say(
  mailbox: Mailbox,
  text: string,
  seal = ({ epoch: at }: SealTarget) => accepted({ epoch: at, payload: Buffer.from(text) }),
) {
  const outcomes: SendOutcome[] = [];
  const taken = mailbox.send({ group, seal }, (outcome) => outcomes.push(outcome));
  assert.ok(taken.ok);
  return { id: taken.value, outcomes };
}

const sends = (connection: FakeConnection) =>
  connection
    .all("send")
    .map(({ payload, resend, epoch: at }) => `${Buffer.from(payload).toString()}${resend ? " again" : ""} @${at}`);

function reject(
  connection: FakeConnection,
  id: ClientMessageId,
  code: ErrorCode,
  of: { epoch?: Epoch; retryAfterMs?: number; remaining?: number; resetMs?: number } = {},
): void {
  const clientMessageId = new Uint8Array(8);
  writeUint64(clientMessageId, 0, id);
  connection.say({ kind: "reject", group, clientMessageId, code, ...of });
}

const acknowledge = (connection: FakeConnection, id: ClientMessageId, at: number) =>
  connection.say({ kind: "ack", acknowledgements: [{ clientMessageId: id, seq: seq(at), sentAt: 5 }] });

const deliver = (connection: FakeConnection, from: number, ...texts: string[]) =>
  connection.say({
    kind: "deliver",
    group,
    firstSeq: seq(from),
    messages: texts.map((text, i) => ({
      sender: alice,
      clientMessageId: BigInt(from + i) as ClientMessageId,
      type: 0,
      sentAt: 0,
      epoch: epoch(1),
      payload: Buffer.from(text),
    })),
  });

test("a message is settled by its acknowledgement, once", async () => {
  const { mailbox, connection } = await online();
  const { id, outcomes } = say(mailbox, "hello");
  assert.deepEqual(sends(connection), ["hello @1"]);
  acknowledge(connection, id, 4);
  acknowledge(connection, id, 4);
  assert.deepEqual(outcomes, [{ ok: true, seq: 4, sentAt: 5 }]);
  assert.equal(mailbox.unsettled, 0);
});

test("what was written while offline goes out, in order, when the connection is there", async () => {
  const setup = setUp();
  say(setup.mailbox, "one");
  say(setup.mailbox, "two");
  setup.mailbox.resume(token);
  const connection = await letIn(setup);
  assert.deepEqual(sends(connection), ["one @1", "two @1"]);
});

test("after a broken connection what has no outcome is sent again, and says so", async () => {
  const setup = await online();
  const { id } = say(setup.mailbox, "acknowledged");
  const { outcomes } = say(setup.mailbox, "lost");
  acknowledge(setup.connection, id, 1);
  setup.connection.break();
  await setup.clock.advance(200);
  const again = await letIn(setup);
  assert.notEqual(again, setup.connection);
  assert.deepEqual(sends(again), ["lost again @1"]);
  acknowledge(again, (again.all("send")[0] as SendFrame).clientMessageId, 2);
  assert.equal(outcomes[0]?.ok, true);
});

test("what a server has not answered is not sent again on the connection there is", async () => {
  const { mailbox, connection, clock } = await online();
  say(mailbox, "hello");
  for (let second = 0; second < 25; second++) await clock.advance(1000);
  assert.deepEqual(sends(connection), ["hello @1"]);
});

test("a stale epoch has the message sealed anew under the one that the server names", async () => {
  const { mailbox, connection } = await online();
  const { id, outcomes } = say(mailbox, "hello");
  reject(connection, id, "stale_epoch", { epoch: epoch(3) });
  await settle();
  assert.deepEqual(sends(connection), ["hello @1", "hello again @3"]);
  assert.equal(outcomes.length, 0);
});

test("what the server refuses for now is sent again when it says so", async () => {
  for (const code of ["busy", "rate_limited"] as const) {
    const { mailbox, connection, clock } = await online();
    const { id, outcomes } = say(mailbox, "hello");
    reject(connection, id, code, { retryAfterMs: 700 });
    await clock.advance(600);
    assert.equal(sends(connection).length, 1, code);
    await clock.advance(200);
    assert.deepEqual(sends(connection), ["hello @1", "hello again @1"], code);
    assert.equal(outcomes.length, 0);
  }
});

test("the first refusal stops those behind it, and all go again in the order in which they were written", async () => {
  const { mailbox, connection, clock } = await online();
  const ids = ["one", "two", "three"].map((text) => say(mailbox, text).id);
  for (const id of ids) reject(connection, id, "busy", { retryAfterMs: 700 });
  const { id: fourth } = say(mailbox, "four");
  assert.deepEqual(sends(connection), ["one @1", "two @1", "three @1"]);
  await clock.advance(700);
  assert.deepEqual(sends(connection).slice(3), ["one again @1", "two again @1", "three again @1", "four @1"]);
  assert.ok(ids.every((id) => id !== fourth));
});

test("what was on its way when one was refused is answered before it goes again", async () => {
  const { mailbox, connection, clock } = await online();
  const [one, two] = ["one", "two"].map((text) => say(mailbox, text).id) as [ClientMessageId, ClientMessageId];
  reject(connection, one, "busy", { retryAfterMs: 100 });
  say(mailbox, "three");
  await clock.advance(100);
  assert.deepEqual(sends(connection), ["one @1", "two @1", "one again @1"]);
  reject(connection, two, "busy", { retryAfterMs: 100 });
  assert.equal(sends(connection).length, 3, "it may be refused again, as long as the first has no answer");
  acknowledge(connection, one, 1);
  assert.deepEqual(sends(connection).slice(3), ["two again @1", "three @1"]);
});

test("under a newer epoch nothing goes out while something under an older one has no answer", async () => {
  const { mailbox, connection } = await online();
  const { id: one } = say(mailbox, "one");
  connection.say({ kind: "joined", group, epoch: epoch(2), lastSeq: seq(0), logLength: 2 });
  say(mailbox, "two");
  assert.deepEqual(sends(connection), ["one @1"]);
  reject(connection, one, "stale_epoch", { epoch: epoch(2) });
  assert.deepEqual(sends(connection), ["one @1", "one again @2", "two @2"]);
});

test("a message that was refused and is given up is waited for no more: the next one says so", async () => {
  const { mailbox, connection } = await online();
  let isSealable = true;
  const { id, outcomes } = say(mailbox, "one", ({ epoch: at }) =>
    isSealable ? accepted({ epoch: at, payload: Buffer.from("one") }) : (refused({ code: "cannot_seal" }) as never),
  );
  isSealable = false;
  reject(connection, id, "stale_epoch", { epoch: epoch(2) });
  assert.equal(outcomes.length, 1);
  say(mailbox, "two");
  say(mailbox, "three");
  assert.deepEqual(
    connection.all("send").map(({ skipsRefused }) => skipsRefused),
    [false, true, false],
  );
});

test("over the budget, messages go out at the pace that the server names, until none has to wait", async () => {
  const { mailbox, connection, clock } = await online();
  const texts = ["1", "2", "3", "4", "5", "6"];
  const ids = texts.map((text) => say(mailbox, text).id);
  for (const id of ids) reject(connection, id, "rate_limited", { retryAfterMs: 200, remaining: 2, resetMs: 5000 });
  const sent = () => sends(connection).length - ids.length;
  const counts: number[] = [];
  for (let portion = 0; portion < 4; portion++) {
    await clock.advance(199);
    counts.push(sent());
    await clock.advance(1);
    counts.push(sent());
    for (const id of ids.slice(0, sent())) acknowledge(connection, id, 1);
  }
  assert.deepEqual(counts, [0, 2, 2, 4, 4, 6, 6, 6]);
  // Nobody had to wait in the last portion's time: what comes now goes out as it comes.
  for (const text of ["7", "8", "9"]) say(mailbox, text);
  assert.deepEqual(sends(connection).slice(-3), ["7 @1", "8 @1", "9 @1"]);
});

test("what the server refuses for good is told, with its code, and the next one is sent", async () => {
  for (const code of ["payload_too_large", "internal"] as const) {
    const { mailbox, connection } = await online();
    const { id, outcomes } = say(mailbox, "hello");
    reject(connection, id, code);
    assert.equal(outcomes[0]?.ok === false && outcomes[0].code, code);
    say(mailbox, "next");
    assert.deepEqual(sends(connection), ["hello @1", "next @1"]);
  }
});

test("a message that cannot be sealed is told, and the next one goes out", async () => {
  const { mailbox, connection } = await online();
  const { outcomes } = say(mailbox, "hello", () => refused({ code: "cannot_seal", detail: "no key" }) as never);
  say(mailbox, "next");
  assert.equal(outcomes[0]?.ok === false && outcomes[0].code, "cannot_seal");
  assert.deepEqual(sends(connection), ["next @1"]);
});

test("a full outbox says so, and takes in again when there is room", async () => {
  const { mailbox, connection } = await online({ outboxMax: 2 });
  const { id } = say(mailbox, "one");
  say(mailbox, "two");
  const taken = mailbox.send(
    { group, seal: ({ epoch: at }) => accepted({ epoch: at, payload: new Uint8Array(1) }) },
    () => {},
  );
  assert.equal(taken.ok, false);
  acknowledge(connection, id, 1);
  say(mailbox, "three");
});

test("a message to a group that one is not in fails; one to a group one is about to be let into waits", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  const connection = await letIn(setup, []);
  const { outcomes } = say(setup.mailbox, "early");
  assert.deepEqual(sends(connection), []);
  connection.say({ kind: "joined", group, epoch: epoch(1), lastSeq: seq(0), logLength: 1 });
  await setup.clock.advance(3000);
  assert.deepEqual(sends(connection), ["early @1"]);
  connection.say({ kind: "left", group, epoch: epoch(2) });
  assert.equal(outcomes[0]?.ok === false && outcomes[0].code, "not_a_member");
  assert.deepEqual(setup.left, [group]);
  const after = say(setup.mailbox, "late");
  assert.equal(after.outcomes[0]?.ok === false && after.outcomes[0].code, "not_a_member");
});

test("what comes right behind the list of groups is looked at when the list has been", async () => {
  const setup = await online({ startAfter: (_, lastSeq) => lastSeq });
  setup.connection.say({ kind: "left", group, epoch: epoch(2) });
  setup.connection.break();
  await setup.clock.advance(200);
  // Let in again meanwhile; somebody writes as soon as the list is out.
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

test("messages of a group that was left are not passed on, and said to have strayed", async () => {
  const { connection, delivered, strays } = await online();
  deliver(connection, 1, "mine");
  connection.say({ kind: "left", group, epoch: epoch(2) });
  deliver(connection, 2, "not mine");
  assert.deepEqual(delivered, ["1 mine"]);
  assert.deepEqual(strays, [group]);
});

test("a group that one is let into while the list of groups is on its way is kept, whatever the list says", async () => {
  const { mailbox, network, left } = setUp();
  mailbox.resume(token);
  const connection = await network.resumed(alice);
  connection.say({ kind: "joined", group, epoch: epoch(1), lastSeq: seq(0), logLength: 1 });
  answerGroups(connection, []);
  await settle();
  assert.deepEqual([mailbox.groups.has(group), left], [true, []]);
});

test("coming back, it asks for what it missed, page by page, and passes everything on once", async () => {
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

test("a page of history that is refused for now is asked for again", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  const connection = await letIn(setup, [{ group, lastSeq: 2 }]);
  const { request } = connection.request("sync");
  connection.say({ kind: "error", request, code: "busy", detail: "", retryAfterMs: 300 });
  await setup.clock.advance(400);
  assert.equal(connection.all("sync").length, 2);
});

test("a list of groups that is refused for now is asked for again", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  await settle();
  const { last } = setup.network;
  last.accept();
  await settle();
  last.say({
    kind: "welcome",
    request: last.request("resume").request,
    user: alice,
    name: "alice",
    server: "s0",
    token,
    tokenExpiresAt: 1,
  });
  await settle();
  last.say({ kind: "error", request: last.request("groups").request, code: "busy", detail: "", retryAfterMs: 200 });
  await setup.clock.advance(300);
  assert.equal(last.all("groups").length, 2);
});

test("whatever pause a server names, nothing is asked again in a loop, and nothing is given up for ever", async () => {
  const perSecondMax = 20;
  for (const retryAfterMs of [0, 2 ** 40]) {
    const setup = setUp();
    setup.mailbox.resume(token);
    const connection = await letIn(setup, [{ group, lastSeq: 2 }]);
    say(setup.mailbox, "hello");
    const asking = setup.mailbox.requestPatiently({ kind: "log", group, from: 0 });
    const kinds = ["sync", "log", "send"] as const;
    let told = 0;
    const refuseAll = () => {
      for (; told < connection.received.length && told < 10_000; told++) {
        const frame = connection.received[told];
        if (frame?.kind === "send") reject(connection, frame.clientMessageId, "busy", { retryAfterMs });
        else if (frame?.kind === "sync" || frame?.kind === "log") {
          connection.say({ kind: "error", request: frame.request, code: "busy", detail: "", retryAfterMs });
        }
      }
    };
    const seconds = 130;
    for (let ms = 0; ms < seconds * 1000; ms += 10) {
      refuseAll();
      await setup.clock.advance(10);
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

test("a server that calls every epoch stale is sent a message once a second", async () => {
  const { mailbox, connection, clock } = await online();
  const { id, outcomes } = say(mailbox, "hello", () => accepted({ epoch: epoch(1), payload: Buffer.from("hello") }));
  let told = 0;
  for (let ms = 0; ms < 10_000; ms += 10) {
    for (; told < connection.all("send").length && told < 1000; told++) {
      reject(connection, id, "stale_epoch", { epoch: epoch(2 + told) });
    }
    await clock.advance(10);
  }
  assert.ok(told <= 12, `sent ${told} times`);
  assert.equal(outcomes.length, 0);
});

test("going offline and online at any moment of a connection's making leaves one socket, or none", async () => {
  for (const stage of ["before it is dialled", "opening", "open", "resumed", "online", "waiting for another try"]) {
    const setup = setUp();
    const { mailbox, network, clock } = setup;
    const live = () => network.connections.filter(({ isClosed }) => !isClosed);
    const reach = async (): Promise<void> => {
      if (stage === "before it is dialled") return;
      await settle();
      if (stage === "opening") return;
      network.last.accept();
      await settle();
      if (stage === "open") return;
      if (stage === "waiting for another try") return network.last.break();
      const { request } = network.last.request("resume");
      network.last.say({
        kind: "welcome",
        request,
        user: alice,
        name: "alice",
        server: "s0",
        token,
        tokenExpiresAt: 1,
      });
      await settle();
      if (stage === "online") answerGroups(network.last, [{ group }]);
      await settle();
    };
    mailbox.resume(token);
    for (let time = 0; time < 20; time++) {
      await reach();
      // The second time before the first has dialled.
      for (let toggle = 0; toggle < 3; toggle++) {
        mailbox.goOffline();
        mailbox.goOnline();
      }
      await settle();
      assert.ok(live().length <= 1, `${live().length} sockets when toggled ${stage}`);
    }
    // Nor does what was begun before come back later.
    const made = network.connections.length;
    mailbox.goOffline();
    await clock.advance(30_000);
    assert.equal(live().length, 0, stage);
    assert.equal(network.connections.length, made, stage);
  }
});

test("a login leaves no other socket, whatever was under way before it", async () => {
  for (const before of ["online", "connecting", "waiting for another try"]) {
    const setup = setUp();
    const { mailbox, network, clock } = setup;
    mailbox.resume(token);
    await settle();
    if (before === "online") await letIn(setup);
    if (before === "waiting for another try") {
      network.last.break();
      await settle();
    }
    const login = mailbox.logIn((link) =>
      link.request({ kind: "logInFinish", message: new Uint8Array(opaqueBytes.ke3) }),
    );
    await settle();
    network.last.accept();
    await settle();
    const { request } = network.last.request("logInFinish");
    network.last.say({ kind: "welcome", request, user: alice, name: "alice", server: "s0", token, tokenExpiresAt: 1 });
    assert.ok((await login).ok, before);
    await clock.advance(9000);
    assert.equal(network.connections.filter(({ isClosed }) => !isClosed).length, 1, before);
    assert.equal(mailbox.state, "online");
  }
});

test("a server that is about to stop is left at once, and nothing is lost", async () => {
  const setup = await online();
  say(setup.mailbox, "hello");
  setup.connection.say({ kind: "goAway", reason: "draining" });
  assert.ok(setup.connection.isClosed);
  await setup.clock.advance(200);
  const again = await letIn(setup);
  assert.deepEqual(sends(again), ["hello again @1"]);
});

test("a server that sends what is no frame is left", async () => {
  const { connection } = await online();
  connection.sayBytes(Buffer.from([1, 0x82, 0, 5, 1]));
  assert.ok(connection.isClosed);
});

test("a token that resumes nothing any more is final: the user has to log in", async () => {
  for (const code of ["token_expired", "token_invalid"] as const) {
    const setup = setUp();
    setup.mailbox.resume(token);
    await settle();
    const { last } = setup.network;
    last.accept();
    await settle();
    last.say({ kind: "error", request: last.request("resume").request, code, detail: "" });
    await setup.clock.advance(60_000);
    assert.equal(setup.network.connections.length, 1);
    assert.equal(setup.states.at(-1), "loggedOut");
  }
});

test("pauses between tries grow, and are not the same for everybody", async () => {
  const pauses = async (seed: number) => {
    const network = new FakeNetwork();
    const clock = new FakeClock();
    const tries: number[] = [];
    const mailbox = new Mailbox(
      {
        dial: async () => {
          tries.push(clock.now());
          return refused({ code: "offline", detail: "nobody there" });
        },
        open: network.open,
        clock,
        random: seededRandom(seed),
      },
      { outboxMax: 1 },
      { connection() {}, delivered() {}, missing() {} },
    );
    mailbox.resume(token);
    await clock.advance(120_000);
    mailbox.close();
    return tries.slice(1).map((at, i) => at - (tries[i] as number));
  };
  const [first, second] = [await pauses(1), await pauses(2)];
  assert.notDeepEqual(first, second);
  for (const [i, pause] of first.entries())
    assert.ok(pause <= Math.min(10_000, 100 * 2 ** i), `pause ${i} of ${pause} ms`);
  assert.ok(Math.max(...first) > 2000, "they grow");
});

test("a connection that does not open is given up, and another is tried", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  await settle();
  await setup.clock.advance(11_000);
  assert.ok(setup.network.connections[0]?.isClosed);
  assert.ok(setup.network.connections.length > 1);
});

test("a request that is not answered ends by itself, and one without a connection at once", async () => {
  const { mailbox, clock, connection } = await online();
  const asked = mailbox.request({ kind: "ping" });
  await clock.advance(16_000);
  const outcome = await asked;
  assert.equal(!outcome.ok && outcome.reason.code, "timeout");
  const broken = mailbox.request({ kind: "ping" });
  connection.break();
  const other = await broken;
  assert.equal(!other.ok && other.reason.code, "offline");
  const offline = await mailbox.request({ kind: "ping" });
  assert.equal(!offline.ok && offline.reason.code, "offline");
});

test("a closed mailbox stays closed", async () => {
  const setup = await online();
  setup.mailbox.close();
  await setup.clock.advance(60_000);
  assert.equal(setup.network.connections.length, 1);
  assert.equal(setup.states.at(-1), "offline");
});

test("a place is read from where the caller says", async () => {
  const setup = setUp({ startAfter: (_, lastSeq) => (lastSeq - 2) as Seq });
  setup.mailbox.resume(token);
  const connection = await letIn(setup, [{ group, lastSeq: 10 }]);
  assert.deepEqual([connection.request("sync").after, connection.request("sync").through], [8, 10]);
});
