import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { present } from "../../core/testing/present.ts";
import { DeliverCursor, encodeDeliver } from "../../core/wire/deliver-frame.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../core/wire/ids.ts";
import { messageTypes } from "../../core/wire/send-frame.ts";
import { acknowledgedFields } from "../audit/audit.ts";
import type { Latencies } from "../recorder/recorder.ts";
import { MeasuredWindow } from "../workload/measured-window.ts";
import { stamp } from "../workload/message-stamp.ts";
import { Observation, type ObservedUser } from "./observation.ts";

const group = groupId(7);
const stampOffsetMicros = 123_000;
const thread = 1;

/** An observation of one user, from 1,000 to 3,000 ms from the beginning on; times of a test count from there. */
function newObservation() {
  const clock = new FakeClock();
  const window = new MeasuredWindow();
  const began = clock.monotonic();
  window.begin(began, { warmUpSeconds: 1, durationSeconds: 2 });
  const lateness = [new Int32Array(8), new Int32Array(8)];
  const observation = new Observation({ clock, window, lateness, stampOffsetMicros });
  const user: ObservedUser & { onlineSinceMs: number } = {
    index: 0,
    user: userId(1),
    stays: new Map(),
    onlineSinceMs: 0,
  };
  observation.joined(user, group, 0);
  let delivered = 0;
  const cursor = new DeliverCursor();
  /** Delivers a message that was due at this time and that its thread sent so many microseconds later. */
  const deliver = (dueMs: number, lateMicros = 0) => {
    const slot = delivered++;
    present(lateness[thread])[slot] = lateMicros;
    const bytes = encodeDeliver({
      group,
      firstSeq: seq(delivered),
      messages: [
        {
          sender: userId(2),
          clientMessageId: stamp((began + dueMs) * 1000 + stampOffsetMicros, thread, slot),
          type: messageTypes.application,
          sentAt: 0,
          epoch: epoch(1),
          payload: new Uint8Array(1),
        },
      ],
    });
    assert.equal(cursor.begin(bytes), undefined);
    assert.ok(cursor.next());
    observation.delivered(user, group, cursor);
  };
  const sending = (dueMs: number, lateMicros: number) => observation.sending(began + dueMs, lateMicros);
  const acknowledge = (dueMs: number) => {
    observation.settled(0, group, stamp(0, thread, 0), began + dueMs, { ok: true, seq: seq(1), sentAt: 0 });
  };
  const online = (sinceMs: number) => {
    user.onlineSinceMs = began + sinceMs;
  };
  return { observation, clock, user, deliver, sending, acknowledge, online };
}

const msOf = (latencies: Latencies) => Math.round(latencies.quantiles()?.max ?? Number.NaN);

test("latencies count from when a message was due; the uncorrected one from when it was sent", async () => {
  const { observation, clock, deliver, sending, acknowledge } = newObservation();
  await clock.advance(1500);
  sending(1500, 0);
  await clock.advance(100);
  sending(1550, 50_000);
  acknowledge(1550);
  assert.equal(msOf(observation.ack), 50);
  assert.equal(msOf(observation.late), 50);
  await clock.advance(40);
  deliver(1550, 50_000);
  assert.equal(msOf(observation.delivery), 90);
  assert.equal(msOf(observation.deliveryUncorrected), 40);
  assert.deepEqual([observation.sent, observation.offered, observation.acknowledged], [2, 2, 1]);
});

test("only what was due in the measured time has a latency, and only deliveries in it count as such", async () => {
  const { observation, clock, deliver, sending, acknowledge } = newObservation();
  await clock.advance(1010);
  sending(990, 20_000);
  acknowledge(990);
  deliver(990);
  assert.deepEqual([observation.offered, observation.ack.count, observation.delivery.count], [0, 0, 0]);
  assert.deepEqual([observation.deliveries, observation.deliveriesInTime], [1, 1]);
  await clock.advance(2000);
  deliver(2999);
  assert.deepEqual([observation.delivery.count, observation.deliveriesInTime], [1, 1]);
  assert.equal(msOf(observation.delivery), 11);
});

test("a message that was due before its receiver came back has no latency, and counts as delivered", async () => {
  const { observation, clock, deliver, online } = newObservation();
  await clock.advance(1500);
  online(1400);
  deliver(1300);
  assert.deepEqual([observation.delivery.count, observation.deliveries], [0, 1]);
  deliver(1450);
  assert.equal(msOf(observation.delivery), 50);
  deliver(1400);
  assert.equal(msOf(observation.delivery), 100, "the moment of coming back is part of being there");
});

test("messages without an acknowledgement are counted by their code", () => {
  const { observation } = newObservation();
  for (const code of ["busy", "busy", "not_a_member"] as const) {
    observation.settled(0, group, stamp(0, thread, 0), 1500, { ok: false, code, detail: "" });
  }
  assert.deepEqual(
    [...observation.failures],
    [
      ["busy", 2],
      ["not_a_member", 1],
    ],
  );
  assert.deepEqual([observation.errors, observation.acknowledged], [3, 0]);
});

test("a stretch begins with empty measurements, and the audit keeps what it has seen", async () => {
  const { observation, clock, deliver, sending } = newObservation();
  await clock.advance(1500);
  sending(1500, 1000);
  deliver(1400);
  observation.failed("busy");
  observation.beginStretch();
  const { ack, delivery, deliveryUncorrected, late } = observation;
  assert.deepEqual(
    [ack, delivery, deliveryUncorrected, late].map(({ count }) => count),
    [0, 0, 0, 0],
  );
  assert.deepEqual([observation.errors, observation.offered, observation.deliveriesInTime], [0, 0, 0]);
  assert.equal(observation.audit().sent, 1);
});

test("messages of a group that the user is not in, missing and unreadable ones are breaches", () => {
  const { observation, user, deliver } = newObservation();
  observation.missing(user, group, 3, 4);
  observation.unreadable(user, group, "bad_signature");
  observation.left(user, group);
  deliver(1500);
  const { breaches, strays, undecryptable } = observation.audit();
  assert.deepEqual([strays, undecryptable], [1, 1]);
  assert.deepEqual(
    breaches.map(({ promise }) => promise),
    [1, null, 4],
  );
});

test("the audit is told what was acknowledged, and who is no member any more", () => {
  const { observation, user, acknowledge } = newObservation();
  assert.equal(observation.stays, 1);
  acknowledge(1500);
  observation.left(user, group);
  observation.left(user, group);
  assert.equal(observation.stays, 0);
  const [record] = observation.audit().groups;
  assert.deepEqual(
    record?.stays.map(({ left }) => left),
    [true],
  );
  assert.equal(record?.acknowledged.length, acknowledgedFields);
});

test("each breach says what happened, where and to whom", () => {
  const { observation, user, deliver } = newObservation();
  observation.missing(user, group, 3, 4);
  observation.unreadable(user, group, "bad_signature");
  observation.left(user, group);
  deliver(1500);
  assert.deepEqual(observation.audit().breaches, [
    { promise: 1, what: "the server holds nothing at 3 to 4", group, client: 0, seq: 3 },
    { promise: null, what: "could not open a message: bad_signature", group, client: 0 },
    { promise: 4, what: "was given messages of a group that it is not in", group, client: 0 },
  ]);
});

test("fifty breaches are kept, those of the groups among them, and all are counted", () => {
  const { observation, user, deliver } = newObservation();
  deliver(1500);
  deliver(1500);
  observation.joined(user, group, 0);
  deliver(1500);
  for (let time = 0; time < 48; time++) observation.strayed(user, group);
  const first = observation.audit();
  assert.deepEqual([first.breaches.length, first.breaches.at(-1)?.promise, first.reordered], [49, 2, 1]);
  for (let time = 0; time < 20; time++) observation.strayed(user, group);
  const { breaches, strays } = observation.audit();
  assert.deepEqual([breaches.length, strays], [50, 68]);
  assert.ok(breaches.every(({ promise }) => promise === 4));
});

test("an acknowledgement is written down with its seq, the halves of its id and its client", () => {
  const { observation } = newObservation();
  const id = clientMessageId((5n << 32n) | 9n);
  observation.settled(3, group, id, 0, { ok: true, seq: seq(7), sentAt: 0 });
  observation.settled(3, groupId(99), id, 0, { ok: true, seq: seq(7), sentAt: 0 });
  const [record] = observation.audit().groups;
  assert.deepEqual([...(record?.acknowledged ?? [])], [7, 5, 9, 3]);
});

test("a membership entry counts as delivered, and has no latency", async () => {
  const { observation, clock, user } = newObservation();
  await clock.advance(1500);
  const cursor = new DeliverCursor();
  const type = messageTypes.membership;
  const message = { sender: userId(2), clientMessageId: clientMessageId(1n), type, sentAt: 0, epoch: epoch(1) };
  cursor.begin(encodeDeliver({ group, firstSeq: seq(1), messages: [{ ...message, payload: new Uint8Array(1) }] }));
  cursor.next();
  observation.delivered(user, group, cursor);
  const { deliveries, deliveriesInTime, recent } = observation;
  assert.deepEqual([deliveries, deliveriesInTime, recent.count], [1, 0, 0]);
});

test("latencies for the progress line are those of all messages, measured or not", async () => {
  const { observation, clock, deliver } = newObservation();
  await clock.advance(500);
  deliver(400);
  assert.deepEqual([msOf(observation.recent), observation.delivery.count], [100, 0]);
});

test("how late a message of an unknown thread was sent is not known, so nothing is taken off", async () => {
  const clock = new FakeClock();
  const window = new MeasuredWindow();
  window.begin(clock.monotonic(), { warmUpSeconds: 0, durationSeconds: 2 });
  const observation = new Observation({ clock, window, lateness: [], stampOffsetMicros: 0 });
  const user: ObservedUser = { index: 0, user: userId(1), stays: new Map(), onlineSinceMs: 0 };
  observation.joined(user, group, 0);
  const id = stamp(clock.monotonic() * 1000, 5, 7);
  await clock.advance(30);
  const cursor = new DeliverCursor();
  const message = {
    sender: userId(2),
    clientMessageId: id,
    type: messageTypes.application,
    sentAt: 0,
    epoch: epoch(1),
  };
  cursor.begin(encodeDeliver({ group, firstSeq: seq(1), messages: [{ ...message, payload: new Uint8Array(1) }] }));
  cursor.next();
  observation.delivered(user, group, cursor);
  assert.equal(msOf(observation.deliveryUncorrected), 30);
});

test("two users of one group are observed together, and their stays add up", () => {
  const { observation, user } = newObservation();
  const other: ObservedUser = { index: 1, user: userId(2), stays: new Map(), onlineSinceMs: 0 };
  observation.joined(other, group, 4);
  assert.deepEqual([observation.stays, observation.observers.size], [2, 1]);
  assert.equal(other.stays.get(group)?.observer, user.stays.get(group)?.observer);
  assert.equal(other.stays.get(group)?.from, 4);
  assert.equal(observation.audit().groups[0]?.sequence.base, 0);
});
