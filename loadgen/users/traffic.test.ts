import assert from "node:assert/strict";
import { test } from "node:test";
import type { SendOutcome } from "../../core/client/index.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { accepted, refused } from "../../core/platform/result.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { type ClientMessageId, groupId, seq, userId } from "../../core/wire/ids.ts";
import { GroupObserver } from "../audit/group-observer.ts";
import { MeasuredWindow } from "../workload/measured-window.ts";
import { microsSince, sentSlots, slotOf } from "../workload/message-stamp.ts";
import { Traffic, type WritingUser } from "./traffic.ts";

const group = groupId(7);
const thread = 3;
const stampOffsetMicros = 5_000_000;

interface Sent {
  readonly id: ClientMessageId;
  readonly settle: (outcome: SendOutcome) => void;
}

/** One user who writes to one group, ten times a second for a second, on a clock that the test moves. */
function newTraffic({ hasRoom = true } = {}) {
  const clock = new FakeClock();
  const began = clock.monotonic();
  const window = new MeasuredWindow();
  window.begin(began, { warmUpSeconds: 0, durationSeconds: 1 });
  const sent: Sent[] = [];
  const observed: string[] = [];
  const take: WritingUser["sendBytes"] = (_group, _bytes, id, settle) => {
    if (!hasRoom) return refused("too many wait");
    sent.push({ id, settle });
    return accepted(id);
  };
  const observer = new GroupObserver(group, 0);
  const user: WritingUser = {
    away: false,
    stays: new Map([[group, observer.enter(0, userId(1), 0)]]),
    sendBytes: take,
    sendSealed: () => assert.fail("nothing is sealed"),
  };
  const lateness = new Int32Array(sentSlots);
  const traffic = new Traffic({
    workload: { payload: { kind: "fixed", bytes: 10 }, encryption: { mode: "none" } },
    population: { clients: 1, groups: [{ founder: 0, members: [0], weight: 1, senders: "any" }] },
    crowd: { users: new Map([[0, user]]), isMine: () => true, groupAt: () => group, userAt: () => user },
    observation: {
      sending: (dueMs, lateMicros) => void observed.push(`sending due ${dueMs - began}, ${lateMicros / 1000} late`),
      settled: (_client, _group, _id, dueMs, { ok }) => void observed.push(`settled due ${dueMs - began}: ${ok}`),
      failed: (code) => void observed.push(code),
    },
    window,
    clock,
    random: seededRandom(1),
    thread,
    lateness,
    stampOffsetMicros,
  });
  const running = traffic.run({ kind: "constant", ratePerSecond: 10 }, new AbortController().signal);
  /** When a message was due, as its id states. */
  const dueOf = ({ id }: Sent) => {
    const [high, low] = [Number(id >> 32n), Number(id & 0xffff_ffffn)];
    return -microsSince(high, low, began * 1000 + stampOffsetMicros) / 1000;
  };
  const lateOf = ({ id }: Sent) => (lateness[slotOf(Number(id & 0xffff_ffffn)).slot] ?? 0) / 1000;
  return { clock, sent, observed, running, dueOf, lateOf };
}

test("messages that a busy thread sends late keep the time at which they were due", async () => {
  const { clock, sent, observed, dueOf, lateOf } = newTraffic();
  await clock.advance(150);
  const before = sent.length;
  assert.ok(before > 0);
  clock.stall(350);
  await clock.advance(1);
  const late = sent.slice(before);
  assert.ok(late.length >= 3, `${late.length} messages were due meanwhile`);
  for (const [i, message] of late.entries()) {
    const due = dueOf(message);
    assert.ok(due > 150 && due <= 501, `due at ${due}`);
    assert.ok(Math.abs(due - dueOf(late[0] ?? message) - i * 100) < 1, "every 100 ms");
    assert.ok(Math.abs(lateOf(message) - (501 - due)) < 2, `${lateOf(message)} ms late`);
    assert.equal(slotOf(Number(message.id & 0xffff_ffffn)).thread, thread);
  }
  const [first] = late;
  first?.settle({ ok: true, seq: seq(1), sentAt: 0 });
  const [, due] = /settled due ([\d.]+): true/.exec(observed.at(-1) ?? "") ?? [];
  assert.ok(first && Math.abs(Number(due) - dueOf(first)) < 1, "and so has its outcome");
});

test("as many messages are sent as are due, whatever happens to them, and none behind the end", async () => {
  const { clock, sent, observed, running } = newTraffic();
  await clock.advance(400);
  clock.stall(3000);
  await clock.advance(10);
  await running;
  assert.equal(sent.length, 10);
  assert.equal(observed.filter((line) => line.startsWith("sending")).length, 10);
});

test("a message for which there is no room is a failure", async () => {
  const { clock, observed } = newTraffic({ hasRoom: false });
  await clock.advance(150);
  assert.ok(observed.includes("outbox_full"));
});
