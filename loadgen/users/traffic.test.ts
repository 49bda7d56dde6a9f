import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeContent, rsaFernetPayloadBytes, type SendOutcome } from "../../core/client/index.ts";
import { itemAt } from "../../core/platform/item-at.ts";
import { type Random, seededRandom } from "../../core/platform/random.ts";
import { accepted, refused } from "../../core/platform/result.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { type ClientMessageId, groupId, seq, userId } from "../../core/wire/ids.ts";
import { GroupObserver } from "../audit/group-observer.ts";
import { MeasuredWindow } from "../workload/measured-window.ts";
import { microsSince, sentSlots, slotOf } from "../workload/message-stamp.ts";
import type { Workload } from "../workload/workload.ts";
import { Traffic, type WritingUser } from "./traffic.ts";

const group = groupId(7);
const thread = 3;
const stampOffsetMicros = 5_000_000;

interface Sent {
  readonly id: ClientMessageId;
  readonly length: number;
  readonly bytes: Uint8Array | undefined;
  readonly settle: (outcome: SendOutcome) => void;
}

interface TrafficOf {
  /** Whether the user's outbox has room. */
  readonly hasRoom?: boolean;
  readonly arrivals?: Workload["arrivals"];
  readonly encryption?: Workload["encryption"];
  /** Members of the group whom other threads simulate. */
  readonly others?: number;
  /** What the user is in the group; a founder unless there are others. */
  readonly place?: "founder" | "member" | "stranger";
  readonly payload?: Workload["payload"];
  readonly random?: Random;
  readonly signal?: AbortSignal;
}

/** One user who writes to one group, ten times a second for a second, on a clock that the test moves. */
function newTraffic(of: TrafficOf = {}) {
  const {
    hasRoom = true,
    arrivals = { kind: "constant", ratePerSecond: 10 },
    others = 0,
    place = others === 0 ? "founder" : "member",
  } = of;
  const clock = new FakeClock();
  const began = clock.monotonic();
  const window = new MeasuredWindow();
  window.begin(began, { warmUpSeconds: 0, durationSeconds: 1 });
  const sent: Sent[] = [];
  const observed: string[] = [];
  const take = (id: ClientMessageId, settle: Sent["settle"], length: number, bytes?: Uint8Array) => {
    if (!hasRoom) return refused({ code: "busy" as const, detail: "too many wait" });
    sent.push({ id, length, bytes, settle });
    return accepted(id);
  };
  const observer = new GroupObserver(group, 0);
  const stay = observer.enter(0, userId(1), 0);
  const user: WritingUser & { away: boolean; sendBytes: WritingUser["sendBytes"] } = {
    away: false,
    stays: new Map([[group, stay]]),
    sendBytes: (_group, bytes, id, settle) => take(id, settle, bytes.length, bytes),
    sendSealed(_group, content, id, settle) {
      assert.equal(content.kind, "text");
      return take(id, settle, encodeContent(content).length);
    },
  };
  const otherMembers = Array.from({ length: others }, (_, i) => i + 1);
  const members = { founder: [0, ...otherMembers], member: [...otherMembers, 0], stranger: otherMembers }[place];
  const lateness = new Int32Array(sentSlots);
  const traffic = new Traffic({
    workload: { payload: of.payload ?? { kind: "fixed", bytes: 10 }, encryption: of.encryption ?? { mode: "none" } },
    population: {
      clients: members.length,
      groups: [{ founder: itemAt(members, 0), members, weight: 3, senders: "any" }],
    },
    crowd: {
      users: new Map([[0, user]]),
      isMine: (client) => client === 0,
      groupAt: () => group,
      userAt: (client) => (client === 0 ? user : assert.fail(`client ${client} is another thread's`)),
    },
    observation: {
      sending: (dueMs, lateMicros) => void observed.push(`sending due ${dueMs - began}, ${lateMicros / 1000} late`),
      settled: (_client, _group, _id, dueMs, { ok }) => void observed.push(`settled due ${dueMs - began}: ${ok}`),
      failed: (code) => void observed.push(code),
    },
    window,
    clock,
    random: of.random ?? seededRandom(1),
    thread,
    lateness,
    stampOffsetMicros,
  });
  const running = traffic.run(arrivals, of.signal ?? new AbortController().signal);
  /** When a message was due, as its id states. */
  const dueOf = ({ id }: Sent) => {
    const [high, low] = [Number(id >> 32n), Number(id & 0xffff_ffffn)];
    return -microsSince(high, low, began * 1000 + stampOffsetMicros) / 1000;
  };
  const lateOf = ({ id }: Sent) => (lateness[slotOf(Number(id & 0xffff_ffffn)).slot] ?? 0) / 1000;
  return { clock, sent, observed, running, dueOf, lateOf, user, traffic };
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

test("a thread sends its share of all messages, by how many of a group's writers it simulates", async () => {
  const { clock, sent, running } = newTraffic({ others: 4, arrivals: { kind: "constant", ratePerSecond: 100 } });
  await clock.advance(1100);
  await running;
  assert.equal(sent.length, 20, "a fifth of 100 messages");
});

test("a user who is away or no member does not write, and writes again afterwards", async () => {
  const { clock, sent, user } = newTraffic();
  const sentBy = async (ms: number) => {
    const before = sent.length;
    await clock.advance(ms);
    return sent.length - before;
  };
  assert.equal(await sentBy(200), 2);
  user.away = true;
  assert.equal(await sentBy(200), 0);
  user.away = false;
  const [[, stay] = assert.fail("the user is in no group")] = user.stays;
  user.stays.clear();
  assert.equal(await sentBy(200), 0);
  user.stays.set(group, stay);
  assert.equal(await sentBy(200), 2);
});

test("a closed loop keeps so many messages of a group under way, and one more goes out for each outcome until the end", async () => {
  const { clock, sent, running } = newTraffic({ arrivals: { kind: "saturate", inFlightPerGroup: 4 } });
  assert.equal(sent.length, 4);
  await clock.advance(300);
  assert.equal(sent.length, 4, "without an outcome nothing goes out");
  sent[2]?.settle({ ok: true, seq: seq(1), sentAt: 0 });
  sent[0]?.settle({ ok: false, code: "busy", detail: "" });
  await clock.advance(0);
  assert.equal(sent.length, 6);
  await clock.advance(800);
  for (const { settle } of sent.slice()) settle({ ok: true, seq: seq(1), sentAt: 0 });
  await running;
  assert.equal(sent.length, 6, "and none behind the end");
});

test("a closed loop's messages are those of the thread that simulates the founder", async () => {
  const { sent, running } = newTraffic({ others: 1, arrivals: { kind: "saturate", inFlightPerGroup: 4 } });
  await running;
  assert.equal(sent.length, 0);
});

test("a closed loop's messages are written by members whom its own thread simulates", async () => {
  const arrivals = { kind: "saturate", inFlightPerGroup: 20 } as const;
  const { sent, running, traffic } = newTraffic({ others: 9, place: "founder", arrivals });
  assert.equal(sent.length, 20);
  traffic.stop();
  for (const { settle } of sent) settle({ ok: true, seq: seq(1), sentAt: 0 });
  await running;
});

test("bytes are made once for all messages of a length", async () => {
  const { clock, sent } = newTraffic();
  await clock.advance(300);
  assert.ok(sent.length > 1);
  for (const { bytes } of sent) assert.equal(bytes, sent[0]?.bytes);
});

test("bytes in place of sealed messages are as long as these, and those in place of texts as long as texts", async () => {
  const lengthOf = async (encryption: Workload["encryption"]) => {
    const { clock, sent } = newTraffic({ encryption });
    await clock.advance(200);
    return sent[0]?.length;
  };
  const text = encodeContent({ kind: "text", text: "a".repeat(10) }).length;
  assert.equal(await lengthOf({ mode: "none" }), text);
  assert.equal(await lengthOf({ mode: "sealed" }), rsaFernetPayloadBytes(text));
});

test("sealed messages are texts of so many letters, and bytes are of one letter", async () => {
  const { clock, sent } = newTraffic({ encryption: { mode: "real", openShare: 0 } });
  await clock.advance(200);
  assert.equal(sent[0]?.length, encodeContent({ kind: "text", text: "a".repeat(10) }).length);
});

test("lengths are uniform between the two that the workload names, both of them included", async () => {
  const { clock, sent } = newTraffic({
    payload: { kind: "uniform", min: 20, max: 23 },
    arrivals: { kind: "constant", ratePerSecond: 1000 },
  });
  await clock.advance(1100);
  const lengthOf = (bytes: number) => encodeContent({ kind: "text", text: "a".repeat(bytes) }).length;
  const counts = new Map<number, number>();
  for (const { length } of sent) counts.set(length, (counts.get(length) ?? 0) + 1);
  assert.deepEqual(
    [...counts.keys()].toSorted((a, b) => a - b),
    [20, 21, 22, 23].map(lengthOf),
  );
  for (const count of counts.values()) assert.ok(count > 180 && count < 320, `${count} of 1000`);
});

test("an open loop ends when its stretch is cut short, or its thread stops", async () => {
  for (const how of ["cut short", "stopped"]) {
    const cutting = new AbortController();
    const { clock, sent, running, traffic } = newTraffic({ signal: cutting.signal });
    await clock.advance(450);
    const before = sent.length;
    if (how === "stopped") traffic.stop();
    else cutting.abort();
    await clock.advance(100);
    await running;
    assert.ok(sent.length <= before + 1, how);
  }
});

test("a closed loop ends when its thread stops", async () => {
  const { sent, running, traffic } = newTraffic({ arrivals: { kind: "saturate", inFlightPerGroup: 1 } });
  traffic.stop();
  sent[0]?.settle({ ok: true, seq: seq(1), sentAt: 0 });
  await running;
  assert.equal(sent.length, 1);
});

test("a closed loop whose outbox is full goes on with the next message", async () => {
  const { clock, sent, observed, traffic, user } = newTraffic({ arrivals: { kind: "saturate", inFlightPerGroup: 1 } });
  let tries = 0;
  user.sendBytes = () => {
    if (++tries === 3) traffic.stop();
    return refused({ code: "busy", detail: "too many wait" });
  };
  sent[0]?.settle({ ok: true, seq: seq(1), sentAt: 0 });
  await clock.advance(0);
  assert.equal(observed.filter((line) => line === "outbox_full").length, 3);
});

test("a thread without writers sends nothing and is done at once", async () => {
  const drawsNothing: Random = { ...seededRandom(1), unit: () => 0, fork: () => drawsNothing };
  for (const random of [seededRandom(1), drawsNothing]) {
    const { clock, sent, running } = newTraffic({ others: 1, place: "stranger", random });
    await running;
    assert.deepEqual([sent.length, clock.waiting], [0, 0]);
  }
});

test("each message is stamped with its slot in the thread's table of lateness, one after the other", async () => {
  const { clock, sent } = newTraffic();
  await clock.advance(1100);
  assert.deepEqual(
    sent.map(({ id }) => slotOf(Number(id & 0xffff_ffffn)).slot),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});
