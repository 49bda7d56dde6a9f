import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { present } from "../../core/testing/present.ts";
import { DeliverCursor, encodeDeliver } from "../../core/wire/deliver-frame.ts";
import { epoch, groupId, seq, userId } from "../../core/wire/ids.ts";
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
