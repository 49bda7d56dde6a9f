import assert from "node:assert/strict";
import { test } from "node:test";
import { clientMessageId, epoch, groupId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { alice, bob, group, groupRead, newIntake, unread } from "./testing/intake-rig.ts";

test("a member's messages of the group's epoch are taken in, each with its sender, its time and the next number", () => {
  const { send, appended, rejected, clock, counters } = newIntake();
  for (const id of [5, 6]) send(id, { resend: id === 6 });
  const message = { group, sender: alice, epoch: epoch(1), type: messageTypes.application, sentAt: clock.now() };
  assert.deepEqual(appended, [
    { ...message, clientMessageId: 5n, payload: Uint8Array.of(5), resend: false, turn: 0 },
    { ...message, clientMessageId: 6n, payload: Uint8Array.of(6), resend: true, turn: 1 },
  ]);
  assert.deepEqual(rejected, []);
  assert.equal(counters.sends, 2);
});

test("a payload that is too large is refused for good, and the largest one is taken in", () => {
  const { send, taken, rejected } = newIntake();
  send(1, { payload: new Uint8Array(limits.payloadBytesMax + 1) });
  send(2, { payload: new Uint8Array(limits.payloadBytesMax) });
  assert.deepEqual(rejected, [{ id: 1, code: "payload_too_large" }]);
  assert.deepEqual(taken(), [2]);
});

test("a message under an older epoch is refused with the group's epoch, and those sent behind it wait for it", () => {
  const { send, taken, rejected, known, refusals } = newIntake();
  known.epoch = epoch(3);
  send(1, { epoch: epoch(2) });
  assert.deepEqual(rejected, [{ id: 1, code: "stale_epoch", epoch: 3 }]);
  send(2, { epoch: epoch(3) });
  assert.deepEqual(refusals(), ["1 stale_epoch", "2 busy"]);
  send(1, { epoch: epoch(3) });
  send(2, { epoch: epoch(3) });
  assert.deepEqual(taken(), [1, 2]);
});

test("while the writer has no room messages are refused for now, and come in again in their old order and numbers", () => {
  const { send, taken, appended, rejected, has } = newIntake();
  has.room = false;
  for (const id of [1, 2]) send(id);
  has.room = true;
  send(3);
  assert.deepEqual(rejected, [
    { id: 1, code: "busy", retryAfterMs: 500 },
    { id: 2, code: "busy", retryAfterMs: 500 },
    { id: 3, code: "busy", retryAfterMs: 500 },
  ]);
  for (const id of [1, 2, 3, 4]) send(id);
  assert.deepEqual(taken(), [1, 2, 3, 4]);
  assert.deepEqual(
    appended.map(({ turn }) => turn),
    [0, 1, 2, 3],
  );
});

test("a message that waits for another is refused until that one may come again, and costs nothing of the budget", async () => {
  const { send, taken, rejected, has, clock } = newIntake({ sends: { burst: 20, perSecond: 1 } });
  has.room = false;
  send(1);
  has.room = true;
  await clock.advance(200);
  for (let i = 0; i < 50; i++) send(2);
  assert.deepEqual(rejected.at(-1), { id: 2, code: "busy", retryAfterMs: 300 });
  for (const id of [1, 2]) send(id);
  assert.deepEqual(taken(), [1, 2]);
});

test("over the budget a message is refused with the time until a portion may come, and that portion", async () => {
  const { send, taken, rejected, clock } = newIntake({ sends: { burst: 20, perSecond: 40 } });
  for (let id = 0; id < 22; id++) send(id);
  assert.equal(taken().length, 20);
  // A portion is what the budget regains in a quarter of a second; the second message comes behind the first.
  assert.deepEqual(rejected, [
    { id: 20, code: "rate_limited", retryAfterMs: 250, remaining: 10, resetMs: 500 },
    { id: 21, code: "rate_limited", retryAfterMs: 275, remaining: 11, resetMs: 500 },
  ]);
  send(22, { type: messageTypes.handshake });
  assert.equal(rejected.at(-1)?.code, "rate_limited", "the budget is for all messages");
  await clock.advance(250);
  for (const id of [20, 21]) send(id);
  assert.deepEqual(taken().slice(20), [20, 21]);
});

test("a message that the commit refuses for now keeps its turn, and one that it refuses for good does not", () => {
  for (const [code, waits] of [
    ["stale_epoch", true],
    ["rekey_needed", true],
    ["not_a_member", false],
    ["internal", false],
  ] as const) {
    const { send, taken, intake } = newIntake();
    send(1);
    intake.reject({ group, clientMessageId: clientMessageId(1n), type: messageTypes.application, turn: 0 }, { code });
    send(2);
    assert.deepEqual(taken(), waits ? [1] : [1, 2], code);
  }
});

test("no message waits for one that was refused for good, given up, or stored by another connection", () => {
  const { send, taken, known, has, intake, refusals } = newIntake();
  const refuse = (id: number) => {
    has.room = false;
    send(id);
    has.room = true;
  };
  // Refused for good, also after it was refused for now.
  known.members.delete(alice);
  send(1);
  known.members.add(alice);
  refuse(2);
  send(2, { payload: new Uint8Array(limits.payloadBytesMax + 1) });
  send(3);
  assert.deepEqual(taken(), [3]);
  assert.deepEqual(refusals(), ["1 not_a_member", "2 busy", "2 payload_too_large"]);
  refuse(4);
  send(5, { skipsRefused: true });
  assert.deepEqual(taken(), [3, 5]);
  refuse(6);
  intake.stored(group, clientMessageId(6n));
  send(7);
  assert.deepEqual(taken(), [3, 5, 7]);
});

test("a handshake message neither waits for others nor keeps them waiting, nor does it speak for them", () => {
  const { send, taken, has, refusals } = newIntake();
  const handshake = { type: messageTypes.handshake };
  has.room = false;
  send(1, handshake);
  has.room = true;
  send(2);
  assert.deepEqual(taken(), [2]);
  has.room = false;
  send(3);
  has.room = true;
  send(4, { ...handshake, skipsRefused: true });
  assert.deepEqual(taken(), [2, 4]);
  send(5);
  assert.deepEqual(refusals(), ["1 busy", "3 busy", "5 busy"]);
});

test("a connection whose refused message does not come again, although later ones do, is ended", async () => {
  const { send, taken, has, ended, refusals, clock } = newIntake();
  has.room = false;
  send(1);
  has.room = true;
  await clock.advance(500 + limits.sendTurnMsMax);
  send(2);
  assert.deepEqual(ended, []);
  await clock.advance(1);
  send(2);
  assert.deepEqual(ended, ["turn_missed"]);
  assert.deepEqual(refusals(), ["1 busy", "2 busy"], "the end of the connection is the only answer");
  assert.deepEqual(taken(), []);
});

test("messages to a group that is being read wait, without their frames, and are taken in in order", async () => {
  const { send, taken, appended, readings, reading, clock } = newIntake();
  for (const id of [1, 2, 3]) send(id, { group: unread });
  send(4);
  assert.deepEqual(taken(), [4], "other groups do not wait");
  assert.equal(readings.length, 1, "the group is read once");
  reading(0).resolve(groupRead());
  await clock.advance(0);
  assert.deepEqual(taken(), [4, 1, 2, 3]);
  assert.deepEqual(
    appended.map(({ payload }) => payload[0]),
    [4, 1, 2, 3],
  );
  send(5, { group: unread });
  assert.equal(readings.length, 2, "this connection is not subscribed to it");
});

test("a message waits for those that wait for their group, also when the bus has brought what they wait for", async () => {
  const { send, taken, known, reading, clock } = newIntake();
  send(1, { epoch: epoch(2) });
  known.epoch = epoch(2);
  send(2, { epoch: epoch(2) });
  assert.deepEqual(taken(), []);
  reading(0).resolve(known);
  await clock.advance(0);
  assert.deepEqual(taken(), [1, 2]);
});

test("a connection that is not subscribed to the group is subscribed before its message is taken in", async () => {
  const { send, taken, known, reading, clock } = newIntake();
  known.sessions.clear();
  send(1);
  assert.deepEqual(taken(), []);
  reading(0).resolve(known);
  await clock.advance(0);
  assert.deepEqual(taken(), [1]);
});

test("a message to a group that does not exist, or of which the sender is no member, is refused for good", async () => {
  for (const found of [undefined, groupRead(1, [bob])]) {
    const { send, rejected, reading, clock } = newIntake();
    send(1, { group: unread });
    reading(0).resolve(found);
    await clock.advance(0);
    assert.deepEqual(rejected, [{ id: 1, group: unread, code: "not_a_member" }]);
  }
});

test("a message under a newer epoch has the group read again, and is refused if the group has no such epoch", async () => {
  for (const newest of [2, 1]) {
    const { send, taken, rejected, known, reading, reload, clock } = newIntake();
    reload(async () => {
      known.epoch = epoch(newest);
      return known;
    });
    send(1, { epoch: epoch(2) });
    reading(0).resolve(known);
    await clock.advance(0);
    assert.deepEqual(taken(), newest === 2 ? [1] : []);
    assert.deepEqual(rejected, newest === 2 ? [] : [{ id: 1, code: "stale_epoch", epoch: 1 }]);
  }
});

test("no message is taken in before one that was refused when the group was read", async () => {
  const { send, taken, refusals, reading, clock } = newIntake();
  send(1, { group: unread, epoch: epoch(1) });
  send(2, { group: unread, epoch: epoch(2) });
  reading(0).resolve(groupRead(2));
  await clock.advance(0);
  assert.deepEqual(taken(), []);
  assert.deepEqual(refusals(), ["1 stale_epoch", "2 busy"]);
});

test("when a group cannot be read, all its messages are refused for now, and the next one has it read again", async () => {
  const { send, taken, rejected, reading, readings, clock } = newIntake();
  for (const id of [1, 2]) send(id, { group: unread });
  reading(0).reject(new Error("the database is away"));
  await clock.advance(0);
  assert.deepEqual(
    rejected,
    [1, 2].map((id) => ({ id, group: unread, code: "busy", retryAfterMs: 500 })),
  );
  for (const id of [1, 2]) {
    send(id, { group: unread });
    assert.equal(readings.length, id + 1);
    reading(id).resolve(groupRead());
    await clock.advance(0);
  }
  assert.deepEqual(taken(), [1, 2]);
});

test("only so many messages wait for a group, and for no group when enough is under way already", async () => {
  const { send, taken, refusals, reading, readings, has, clock } = newIntake();
  for (let id = 1; id <= limits.requestsInFlightMax + 1; id++) send(id, { group: unread });
  assert.deepEqual(refusals(), [`${limits.requestsInFlightMax + 1} busy`]);
  reading(0).resolve(groupRead());
  await clock.advance(0);
  assert.equal(taken().length, limits.requestsInFlightMax);
  has.idle = false;
  send(100, { group: groupId(9) });
  assert.equal(refusals().at(-1), "100 busy");
  assert.equal(readings.length, 1);
});

test("a connection that is over is sent no refusal, which counts all the same", () => {
  const { send, rejected, counters, has } = newIntake();
  has.isOver = true;
  send(1, { payload: new Uint8Array(limits.payloadBytesMax + 1) });
  assert.deepEqual(rejected, []);
  assert.deepEqual([...counters.rejects], [["payload_too_large", 1]]);
});
