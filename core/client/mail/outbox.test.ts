import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, refused } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { settle } from "../../testing/fake-network.ts";
import { present } from "../../testing/present.ts";
import { clientMessageId, epoch, groupId, seq } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import type { Seal } from "./outgoing-message.ts";
import {
  acknowledge,
  alice,
  answerGroups,
  group,
  letIn,
  online,
  reject,
  say,
  sends,
  setUp,
  token,
} from "./testing/fake-mail.ts";

test("a message is settled by its acknowledgement, once", async () => {
  const { mailbox, connection } = await online();
  const { id, outcomes } = say(mailbox, "hello");
  assert.deepEqual(sends(connection), ["hello @1"]);
  acknowledge(connection, id, 4);
  acknowledge(connection, id, 4);
  assert.deepEqual(outcomes, [{ ok: true, seq: 4, sentAt: 5 }]);
  assert.equal(mailbox.unsettled, 0);
});

test("messages that were written offline go out in order once there is a connection", async () => {
  const setup = setUp();
  say(setup.mailbox, "one");
  say(setup.mailbox, "two");
  setup.mailbox.resume(token);
  const connection = await letIn(setup);
  assert.deepEqual(sends(connection), ["one @1", "two @1"]);
});

test("after a broken connection messages without an outcome are sent again, marked as resends", async () => {
  const setup = await online();
  const { id } = say(setup.mailbox, "acknowledged");
  const { outcomes } = say(setup.mailbox, "lost");
  acknowledge(setup.connection, id, 1);
  setup.connection.break();
  await setup.clock.advance(200);
  const again = await letIn(setup);
  assert.notEqual(again, setup.connection);
  assert.deepEqual(sends(again), ["lost again @1"]);
  acknowledge(again, present(again.all("send")[0]).clientMessageId, 2);
  assert.equal(outcomes[0]?.ok, true);
});

test("a message that the server does not answer is not sent again on the same connection, but on another after ten seconds", async () => {
  const setup = await online();
  const { mailbox, connection, clock, states, reasons } = setup;
  const { id } = say(mailbox, "hello");
  await clock.advance(5000);
  const answered = say(mailbox, "answered");
  acknowledge(connection, answered.id, 1);
  await clock.advance(2000);
  assert.ok(!connection.isClosed);
  await clock.advance(3000);
  assert.deepEqual(sends(connection), ["hello @1", "answered @1"]);
  assert.match(present(reasons[states.lastIndexOf("offline")]), /not acknowledged a message for 7 s/);
  const again = await letIn(setup);
  assert.deepEqual(sends(again), ["hello again @1"]);
  // From one connection to the next it waits longer.
  await clock.advance(10_000);
  assert.ok(!again.isClosed);
  acknowledge(again, id, 2);
  await clock.advance(60_000);
  assert.ok(!again.isClosed);
});

test("a stale epoch has the message sealed anew under the one that the server names", async () => {
  const { mailbox, connection } = await online();
  const { id, outcomes } = say(mailbox, "hello");
  reject(connection, id, "stale_epoch", { epoch: epoch(3) });
  await settle();
  assert.deepEqual(sends(connection), ["hello @1", "hello again @3"]);
  assert.equal(outcomes.length, 0);
});

test("a message whose key is over is sealed anew each time, also where the server names no newer epoch", async () => {
  for (const code of ["stale_epoch", "rekey_needed"] as const) {
    const { mailbox, connection, clock } = await online();
    let times = 0;
    const { id } = say(mailbox, "", ({ epoch: at }) => accepted({ epoch: at, payload: Buffer.from(`${++times}`) }));
    for (let refusals = 0; refusals < 2; refusals++) {
      reject(connection, id, code, { epoch: epoch(1) });
      await clock.advance(2000);
    }
    assert.deepEqual(sends(connection), ["1 @1", "2 again @1", "3 again @1"], code);
  }
});

test("a message that the server refuses for now is sent again after the pause that it names", async () => {
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

test("a message that was on its way when one before it was refused is not sent again before the server answers it", async () => {
  const { mailbox, connection, clock } = await online();
  const [{ id: one }, { id: two }] = [say(mailbox, "one"), say(mailbox, "two")];
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

test("after a refused message is given up, the next one has the server wait for it no more", async () => {
  const { mailbox, connection } = await online();
  let isSealable = true;
  const { id, outcomes } = say(mailbox, "one", ({ epoch: at }) =>
    isSealable
      ? accepted({ epoch: at, payload: Buffer.from("one") })
      : refused({ code: "cannot_seal", detail: "no key" }),
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

test("over the user's budget, messages go out at the pace that the server names, until none has to wait", async () => {
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
  // No message had to wait in the last period, so the next ones go out at once.
  for (const text of ["7", "8", "9"]) say(mailbox, text);
  assert.deepEqual(sends(connection).slice(-3), ["7 @1", "8 @1", "9 @1"]);
});

test("a final refusal is the message's outcome, with its code, and the next one is sent", async () => {
  for (const code of ["payload_too_large", "internal"] as const) {
    const { mailbox, connection } = await online();
    const { id, outcomes } = say(mailbox, "hello");
    reject(connection, id, code);
    assert.equal(outcomes[0]?.ok === false && outcomes[0].code, code);
    say(mailbox, "next");
    assert.deepEqual(sends(connection), ["hello @1", "next @1"]);
  }
});

test("a message that cannot be sealed fails, and the next one goes out", async () => {
  const { mailbox, connection } = await online();
  const { outcomes } = say(mailbox, "hello", () => refused({ code: "cannot_seal", detail: "no key" }));
  say(mailbox, "next");
  assert.equal(outcomes[0]?.ok === false && outcomes[0].code, "cannot_seal");
  assert.deepEqual(sends(connection), ["next @1"]);
});

test("a full outbox refuses a message, and takes in another when there is room", async () => {
  const { mailbox, connection } = await online({ outboxMax: 2 });
  const { id } = say(mailbox, "one");
  say(mailbox, "two");
  const taken = mailbox.send(
    { group, seal: ({ epoch: at }) => accepted({ epoch: at, payload: new Uint8Array(1) }) },
    () => {},
  );
  assert.deepEqual(taken, refused({ code: "busy", detail: "2 messages wait already for their acknowledgement" }));
  acknowledge(connection, id, 1);
  say(mailbox, "three");
});

test("a message to a group that the user is not in fails; one to a group that is about to admit them waits", async () => {
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

test("a server that calls every epoch stale is sent a message once a second", async () => {
  const { mailbox, connection, clock } = await online();
  const { id, outcomes } = say(mailbox, "hello", () => accepted({ epoch: epoch(1), payload: Buffer.from("hello") }));
  let refusals = 0;
  for (let ms = 0; ms < 10_000; ms += 10) {
    for (; refusals < connection.all("send").length && refusals < 1000; refusals++) {
      reject(connection, id, "stale_epoch", { epoch: epoch(2 + refusals) });
    }
    await clock.advance(10);
  }
  assert.ok(refusals <= 12, `sent ${refusals} times`);
  assert.equal(outcomes.length, 0);
});

test("a message to a group that nobody has heard of waits for the group's notice, and fails when none has come in time", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  const connection = await letIn(setup, []);
  const { outcomes } = say(setup.mailbox, "early");
  await setup.clock.advance(10_000);
  assert.equal(outcomes.length, 0);
  await setup.clock.advance(2500);
  assert.equal(outcomes[0]?.ok === false && outcomes[0].code, "not_a_member");
  assert.deepEqual(sends(connection), []);
});

test("a message that waits for its turn while the epoch ends is sealed anew before it goes out", async () => {
  const { mailbox, connection, clock } = await online();
  const { id } = say(mailbox, "hello");
  reject(connection, id, "rate_limited", { retryAfterMs: 700, remaining: 1 });
  connection.say({ kind: "joined", group, epoch: epoch(2), lastSeq: seq(0), logLength: 2 });
  await clock.advance(700);
  assert.deepEqual(sends(connection), ["hello @1", "hello again @2"]);
});

test("a refusal that comes twice has the message sent again once", async () => {
  const { mailbox, connection, clock } = await online();
  const { id } = say(mailbox, "hello");
  for (let time = 0; time < 2; time++) reject(connection, id, "busy", { retryAfterMs: 100 });
  await clock.advance(1000);
  assert.deepEqual(sends(connection), ["hello @1", "hello again @1"]);
});

test("a message whose group is left while it is sealed has one outcome, whatever comes of the sealing", async () => {
  for (const isSealed of [true, false]) {
    const { mailbox, connection } = await online();
    let seal: (outcome: Awaited<ReturnType<Seal>>) => void = () => {};
    const { outcomes } = say(mailbox, "hello", () => new Promise((resolve) => (seal = resolve)));
    connection.say({ kind: "left", group, epoch: epoch(2) });
    seal(
      isSealed
        ? accepted({ epoch: epoch(1), payload: Buffer.from("hello") })
        : refused({ code: "cannot_seal", detail: "no key" }),
    );
    await settle();
    assert.deepEqual(
      outcomes.map((outcome) => !outcome.ok && outcome.code),
      ["not_a_member"],
    );
    assert.deepEqual(sends(connection), []);
  }
});

test("behind a message that was refused for good, nobody has to be told not to wait for it", async () => {
  const { mailbox, connection, clock } = await online();
  const { id } = say(mailbox, "hello");
  reject(connection, id, "busy", { retryAfterMs: 100 });
  await clock.advance(100);
  reject(connection, id, "internal");
  say(mailbox, "next");
  assert.deepEqual(
    connection.all("send").map(({ skipsRefused }) => skipsRefused),
    [false, false, false],
  );
});

test("the refusal of a message behind a refused one does not slow down what the user writes elsewhere", async () => {
  const elsewhere = groupId(8);
  const setup = setUp();
  setup.mailbox.resume(token);
  const connection = await letIn(setup, [{ group }, { group: elsewhere }]);
  const [{ id: one }, { id: two }] = [say(setup.mailbox, "one"), say(setup.mailbox, "two")];
  reject(connection, one, "busy", { retryAfterMs: 5000 });
  reject(connection, two, "rate_limited", { retryAfterMs: 5000, remaining: 1 });
  say(setup.mailbox, "elsewhere", undefined, elsewhere);
  assert.deepEqual(sends(connection).slice(2), ["elsewhere @1"]);
});

test("over another connection the groups go in the order in which the user wrote to them first", async () => {
  const [elsewhere, last] = [groupId(8), groupId(9)];
  const setup = setUp();
  setup.mailbox.resume(token);
  const connection = await letIn(setup, [{ group }, { group: elsewhere }, { group: last }]);
  for (const of of [group, last]) {
    const { id } = say(setup.mailbox, "of another lane", undefined, of);
    acknowledge(connection, id, 1);
  }
  connection.break();
  say(setup.mailbox, "one", undefined, elsewhere);
  say(setup.mailbox, "two");
  say(setup.mailbox, "three", undefined, last);
  await setup.clock.advance(200);
  const again = await letIn(setup, [{ group, lastSeq: 1 }, { group: elsewhere }, { group: last, lastSeq: 1 }]);
  assert.deepEqual(sends(again), ["one @1", "two @1", "three @1"]);
});

test("another connection knows nothing of the pace that the one before had to keep", async () => {
  const setup = await online();
  const { id } = say(setup.mailbox, "hello");
  reject(setup.connection, id, "rate_limited", { retryAfterMs: 50_000, remaining: 1 });
  setup.connection.break();
  await setup.clock.advance(200);
  const again = await letIn(setup);
  assert.deepEqual(sends(again), ["hello again @1"]);
});

test("of a long queue only the first messages are sealed ahead of their turn", async () => {
  const { mailbox } = await online({ outboxMax: 200 });
  let sealings = 0;
  const never: Seal = () => {
    sealings++;
    return new Promise(() => {});
  };
  for (let message = 0; message < 200; message++) say(mailbox, "hello", never);
  assert.equal(sealings, 64);
});

test("a message that was written offline to a group that the server does not list fails at once", async () => {
  const setup = setUp();
  const { outcomes } = say(setup.mailbox, "hello", undefined, groupId(8));
  setup.mailbox.resume(token);
  const connection = await letIn(setup);
  assert.deepEqual(outcomes, [{ ok: false, code: "not_a_member", detail: "not a group of yours" }]);
  assert.deepEqual(sends(connection), []);
});

test("a message whose sealing throws fails with what was thrown", async () => {
  const { mailbox, connection } = await online();
  const { outcomes } = say(mailbox, "hello", () => Promise.reject(new Error("the pool has ended")));
  await settle();
  assert.deepEqual(outcomes, [{ ok: false, code: "cannot_seal", detail: "the pool has ended" }]);
  assert.deepEqual(sends(connection), []);
});

test("a message that was written without a connection waits for one, however long that takes", async () => {
  const setup = setUp();
  const { outcomes } = say(setup.mailbox, "hello");
  await setup.clock.advance(60_000);
  assert.deepEqual(outcomes, []);
  setup.mailbox.resume(token);
  const connection = await letIn(setup);
  assert.deepEqual(sends(connection), ["hello @1"]);
});

test("behind a message that was never sent, nobody has to be told not to wait for it", async () => {
  const { mailbox, connection } = await online();
  const { outcomes } = say(mailbox, "one", () => refused({ code: "cannot_seal", detail: "no key" }));
  say(mailbox, "two");
  assert.equal(outcomes.length, 1);
  assert.deepEqual(
    connection.all("send").map(({ skipsRefused }) => skipsRefused),
    [false],
  );
});

test("a message that needs a new key is sealed anew, and a refusal of an unknown message changes nothing", async () => {
  const { mailbox, connection } = await online();
  const { id } = say(mailbox, "hello");
  reject(connection, clientMessageId(5n), "busy");
  reject(connection, id, "rekey_needed", { epoch: epoch(2) });
  await settle();
  assert.deepEqual(sends(connection), ["hello @1", "hello again @2"]);
});

test("a message that the server refuses for good fails with the server's code", async () => {
  const { mailbox, connection } = await online();
  const { id, outcomes } = say(mailbox, "hello");
  reject(connection, id, "payload_too_large");
  const detail = "the server refused the message: payload_too_large";
  assert.deepEqual(outcomes, [{ ok: false, code: "payload_too_large", detail }]);
});

test("a message goes out as soon as its group admits the user, and stays when another group is left", async () => {
  const { mailbox, connection } = await online();
  const elsewhere = groupId(8);
  const { outcomes } = say(mailbox, "early", undefined, elsewhere);
  connection.say({ kind: "joined", group: elsewhere, epoch: epoch(1), lastSeq: seq(0), logLength: 1 });
  assert.deepEqual(sends(connection), ["early @1"]);
  connection.say({ kind: "left", group, epoch: epoch(2) });
  assert.deepEqual(outcomes, []);
});

test("without a connection nobody knows which groups the user is in, so no message fails for that", async () => {
  const { mailbox, connection, clock } = await online();
  connection.break();
  const { outcomes } = say(mailbox, "hello", undefined, groupId(8));
  await clock.advance(30_000);
  assert.deepEqual(outcomes, []);
});

test("one timer looks after the messages that wait, and none where no message waits", async () => {
  const { mailbox, connection, clock } = await online();
  const connected = clock.waiting;
  const ids = ["one", "two"].map((text) => say(mailbox, text).id);
  assert.equal(clock.waiting, connected + 1);
  await clock.advance(2500);
  assert.equal(clock.waiting, connected + 1);
  for (const id of ids) acknowledge(connection, id, 1);
  await clock.advance(2500);
  assert.equal(clock.waiting, connected);
});

test("a message that is too large when it is sealed fails, and those behind it go out", async () => {
  const { mailbox, connection } = await online();
  const { outcomes } = say(mailbox, "x".repeat(limits.payloadBytesMax + 1));
  say(mailbox, "behind it");
  const [outcome] = outcomes;
  assert.ok(outcome && !outcome.ok);
  assert.equal(outcome.code, "payload_too_large");
  assert.match(outcome.detail, /65537 bytes/);
  assert.deepEqual(sends(connection), ["behind it @1"]);
});

test("a message for which the server ends the connection fails, and is not sent again", async () => {
  for (const [code, closeCode] of [
    ["malformed_frame", 4000],
    ["frame_too_large", 4003],
    ["frame_too_large", 1009],
  ] as const) {
    const setup = await online();
    const { outcomes } = say(setup.mailbox, "poison");
    setup.connection.break(closeCode);
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.ok ? "stored" : outcome.code)),
      [code],
    );
    await setup.clock.advance(200);
    say(setup.mailbox, "after it");
    assert.deepEqual(sends(await letIn(setup)), ["after it @1"]);
  }
});

test("a message is not failed by the end of a connection for another reason", async () => {
  for (const closeCode of [1006, 1001, 4006, 4009]) {
    const setup = await online();
    const { outcomes } = say(setup.mailbox, "innocent");
    setup.connection.break(closeCode);
    assert.deepEqual(outcomes, []);
  }
});

test("where one of several messages ends the connection, they go out one by one until it is found", async () => {
  const setup = await online();
  const one = say(setup.mailbox, "one");
  const poison = say(setup.mailbox, "poison");
  const three = say(setup.mailbox, "three");
  setup.connection.break(4000);
  await setup.clock.advance(200);
  const second = await letIn(setup);
  assert.deepEqual(sends(second), ["one again @1"]);
  acknowledge(second, one.id, 1);
  assert.deepEqual(sends(second), ["one again @1", "poison again @1"]);
  second.break(4000);
  assert.deepEqual(
    [one, poison, three].map(({ outcomes }) => outcomes.map(({ ok }) => ok)),
    [[true], [false], []],
  );
  await setup.clock.advance(1000);
  const third = await letIn(setup);
  assert.deepEqual(sends(third), ["three again @1"]);
  say(setup.mailbox, "four");
  assert.deepEqual(sends(third), ["three again @1"], "it may be the one");
  acknowledge(third, three.id, 2);
  for (const text of ["five", "six"]) say(setup.mailbox, text);
  assert.deepEqual(sends(third), ["three again @1", "four @1", "five @1", "six @1"]);
});

test("a message that waits, or is under way, can be given up, and those behind it go out", async () => {
  const setup = setUp();
  const { mailbox } = setup;
  const waiting = say(mailbox, "waiting");
  const kept = say(mailbox, "kept");
  assert.ok(mailbox.discard(waiting.id));
  assert.ok(!mailbox.discard(waiting.id), "once");
  mailbox.resume(token);
  const connection = await letIn(setup);
  assert.deepEqual(sends(connection), ["kept @1"]);
  assert.ok(mailbox.discard(kept.id));
  assert.equal(mailbox.unsettled, 0);
  connection.break();
  await setup.clock.advance(200);
  assert.deepEqual(sends(await letIn(setup)), []);
  assert.deepEqual([waiting.outcomes, kept.outcomes], [[], []]);
});

test("a refused message that is given up is skipped, and the next says so", async () => {
  const { mailbox, connection, clock } = await online();
  const first = say(mailbox, "first");
  reject(connection, first.id, "busy", { retryAfterMs: 5000 });
  say(mailbox, "second");
  assert.ok(mailbox.discard(first.id));
  await clock.advance(5000);
  assert.ok(present(connection.all("send").at(-1)).skipsRefused);
});

test("each message that waits when its group is left has one outcome", async () => {
  const { mailbox, connection } = await online();
  const written = ["one", "two", "three"].map((text) => say(mailbox, text));
  for (const { id } of written) reject(connection, id, "busy", { retryAfterMs: 5000 });
  connection.say({ kind: "left", group, epoch: epoch(2) });
  assert.deepEqual(
    written.map(({ outcomes }) => outcomes.map((outcome) => !outcome.ok && outcome.code)),
    written.map(() => ["not_a_member"]),
  );
  assert.equal(mailbox.unsettled, 0);
});

test("of a long queue in which no message can be sealed, each fails", async () => {
  const outboxMax = 10_000;
  const setup = setUp({ outboxMax });
  let failures = 0;
  const seal: Seal = () => refused({ code: "cannot_seal", detail: "no key" });
  for (let message = 0; message < outboxMax; message++) setup.mailbox.send({ group, seal }, () => failures++);
  setup.mailbox.resume(token);
  await letIn(setup);
  assert.deepEqual([failures, setup.mailbox.unsettled], [outboxMax, 0]);
});

test("a message that is sealed elsewhere goes out as soon as it is, and is sealed anew when its epoch is over", async () => {
  const { mailbox, connection } = await online();
  const sealing = say(mailbox, "", async ({ epoch: at }) => {
    await settle();
    return accepted({ epoch: at, payload: Buffer.from(`under ${at}`) });
  });
  assert.deepEqual(sends(connection), []);
  await settle();
  await settle();
  assert.deepEqual(sends(connection), ["under 1 @1"]);
  reject(connection, sealing.id, "stale_epoch", { epoch: epoch(2) });
  await settle();
  await settle();
  assert.deepEqual(sends(connection), ["under 1 @1", "under 2 again @2"]);
});

test("a message that waits for its turn is sealed once, as long as its epoch goes on", async () => {
  const { mailbox, connection, clock } = await online();
  const { id } = say(mailbox, "one");
  reject(connection, id, "rate_limited", { retryAfterMs: 700, remaining: 5 });
  let sealings = 0;
  say(mailbox, "two", ({ epoch: at }) => accepted({ epoch: at, payload: Buffer.from(`two, sealed ${++sealings}`) }));
  say(mailbox, "three");
  await clock.advance(700);
  assert.deepEqual(sends(connection).slice(1), ["one again @1", "two, sealed 1 @1", "three @1"]);
});

test("a message that cannot be sealed at present is tried again after a second, before those behind it", async () => {
  const { mailbox, connection, clock } = await online();
  let tries = 0;
  const { outcomes } = say(mailbox, "one", ({ epoch: at }) =>
    ++tries === 1
      ? refused({ code: "not_now", detail: "the members' keys are on their way" })
      : accepted({ epoch: at, payload: Buffer.from("one") }),
  );
  say(mailbox, "two");
  await clock.advance(999);
  assert.deepEqual([tries, sends(connection)], [1, []]);
  await clock.advance(1);
  assert.deepEqual([outcomes, sends(connection)], [[], ["one @1", "two @1"]]);
});

test("of two pauses that the server names for messages of a group, the longer one holds", async () => {
  const { mailbox, connection, clock } = await online();
  const [{ id: one }, { id: two }] = [say(mailbox, "one"), say(mailbox, "two")];
  reject(connection, two, "busy", { retryAfterMs: 500 });
  reject(connection, one, "busy", { retryAfterMs: 100 });
  await clock.advance(499);
  assert.equal(sends(connection).length, 2);
  await clock.advance(1);
  assert.deepEqual(sends(connection).slice(2), ["one again @1", "two again @1"]);
});

test("a pause ends with its timer, also where timers run a little before the clock says so", async () => {
  // Node counts a timer from the beginning of a turn of its event loop, and the monotonic clock has gone on since then.
  class EarlyClock extends FakeClock {
    override after(delayMs: number, action: () => void) {
      return super.after(delayMs - 1, action);
    }
  }
  const { mailbox, connection, clock } = await online({}, new EarlyClock());
  const { id } = say(mailbox, "hello");
  reject(connection, id, "busy", { retryAfterMs: 100 });
  await clock.advance(100);
  assert.deepEqual(sends(connection), ["hello @1", "hello again @1"]);
});

test("a message to a group that was left waits for the list of another connection, which may have the group again", async () => {
  const setup = await online();
  setup.connection.say({ kind: "left", group, epoch: epoch(2) });
  setup.connection.break();
  await setup.clock.advance(200);
  const again = await setup.network.resumed(alice);
  const { outcomes } = say(setup.mailbox, "hello");
  answerGroups(again, [{ group, at: 3 }]);
  await settle();
  assert.deepEqual([outcomes, sends(again)], [[], ["hello @3"]]);
});
