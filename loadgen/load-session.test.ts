import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "../core/platform/result.ts";
import { FakeClock } from "../core/testing/fake-clock.ts";
import { FakeNetwork } from "../core/testing/fake-network.ts";
import { present } from "../core/testing/present.ts";
import { epoch, groupId, seq, userId } from "../core/wire/ids.ts";
import { GroupObserver } from "./audit/group-observer.ts";
import { generateLoad } from "./generator.ts";
import { LoadSession, type SessionOptions, type StretchOptions } from "./load-session.ts";
import { type FakeThread, FakeThreads, testimonyOf } from "./testing/fake-threads.ts";
import { unusedKeyPairs, workloadOf } from "./testing/fake-users.ts";
import type { Progress } from "./threads/crew.ts";

const workload = workloadOf({
  clients: 2,
  groups: [{ count: 1, sizes: { kind: "fixed", size: 2 } }],
  arrivals: { kind: "constant", ratePerSecond: 50 },
  threads: 2,
  warmUpSeconds: 1,
  durationSeconds: 4,
  settleSeconds: 7,
});
const group = groupId(70);

/** What a session of two fake threads is opened with, and what it did. */
function newParts(prepare?: (thread: FakeThread) => void) {
  const [clock, network] = [new FakeClock(), new FakeNetwork()];
  const threads = new FakeThreads(clock, prepare);
  const stopping = new AbortController();
  const shown: Progress[] = [];
  const beganMs = clock.monotonic();
  const moments: (readonly [moment: string, atMs: number])[] = [];
  const options: SessionOptions = {
    workload,
    target: "chat.example:7400",
    accounts: { kind: "signUp", namePrefix: "user", password: "secret" },
    keyPairs: [unusedKeyPairs],
    onProgress: (progress) => void shown.push(progress),
    signal: stopping.signal,
  };
  const stretch: StretchOptions = {
    ...workload,
    onMeasure: async (moment) => void moments.push([moment, clock.monotonic() - beganMs]),
  };
  const dial = async () => accepted("ws://server/v1");
  const parts = { clock, startThread: threads.start, network: { dial, open: network.open, clock } };
  const phase = () => {
    threads.at(0).live({});
    return shown.at(-1)?.phase;
  };
  return { clock, network, threads, stopping, shown, moments, options, stretch, parts, phase };
}

async function openSession(prepare?: (thread: FakeThread) => void) {
  const of = newParts(prepare);
  return { ...of, session: await LoadSession.open(of.options, of.parts) };
}

/** Whether a promise has been settled. */
function watched<Value>(promise: Promise<Value>) {
  const seen: { value?: Value } = {};
  promise.then(
    (value) => (seen.value = value),
    () => {},
  );
  return seen;
}

test("a session is open when all users are in their groups", async () => {
  const { threads, phase } = await openSession();
  assert.deepEqual(threads.at(1).called, ["connect", "found", "join 0:70,1:71"]);
  assert.equal(phase(), "founding groups");
});

test("a session whose users cannot get in fails, and leaves no thread", async () => {
  const { options, parts, threads } = newParts((thread) => {
    if (thread.start.thread === 1) thread.fails = new Error("no way in");
  });
  await assert.rejects(LoadSession.open(options, parts), { code: "generator_failed" });
  for (const thread of threads.started) assert.equal(thread.called.at(-1), "stop");
});

test("a session whose signal is aborted before it begins fails at once", async () => {
  const { options, parts, stopping } = newParts();
  stopping.abort();
  await assert.rejects(LoadSession.open(options, parts), { code: "interrupted" });
});

test("a stretch begins a tenth of a second later, and is measured from the end of the warm-up to its end; then messages settle", async () => {
  const { session, stretch, clock, moments, phase, threads } = await openSession();
  const running = session.run(stretch);
  assert.equal(phase(), "warming up");
  await clock.advance(1099);
  assert.deepEqual([moments, phase()], [[], "warming up"]);
  await clock.advance(1);
  assert.equal(phase(), "measuring");
  await clock.advance(3999);
  assert.equal(moments.length, 1);
  await clock.advance(1);
  const result = await running;
  assert.deepEqual(moments, [
    ["begin", 1100],
    ["end", 5100],
  ]);
  assert.deepEqual(threads.at(0).called.slice(3), ["run constant", "settle 7 s []", "settle 7 s []", "record"]);
  assert.deepEqual([result.seconds, result.offeredPerSecond, result.deliveredPerSecond], [4, 50, 200]);
  assert.equal(result.valid, true, JSON.stringify(result.invalidReasons));
  assert.equal(clock.waiting, 0);
});

test("what is called at the begin of the measured time is waited for before the end", async () => {
  const { session, stretch, clock } = await openSession();
  let isLate = false;
  const running = session.run({
    ...stretch,
    onMeasure: async (moment) => {
      if (moment === "begin") throw new Error("no metrics");
      isLate = true;
    },
  });
  const rejected = assert.rejects(running, /no metrics/);
  await clock.advance(6000);
  await rejected;
  assert.equal(isLate, false);
});

test("cores that are kept busy are counted in the measured time", async () => {
  const { session, stretch, clock } = await openSession();
  const running = session.run(stretch);
  await clock.advance(5100);
  const { cpuCores } = (await running).generator;
  assert.ok(cpuCores >= 0 && cpuCores < 10, String(cpuCores));
});

test("an interruption ends a session: its run fails, and its threads are gone", async () => {
  for (const atMs of [500, 2000]) {
    const { session, stretch, clock, stopping, threads, moments } = await openSession();
    const rejected = assert.rejects(session.run(stretch), { code: "interrupted" });
    await clock.advance(atMs);
    stopping.abort();
    await clock.advance(0);
    await rejected;
    assert.equal(threads.at(1).called.at(-1), "stop");
    assert.deepEqual(
      moments.map(([moment]) => moment),
      atMs === 500 ? [] : ["begin"],
    );
    assert.equal(clock.waiting, 0);
  }
});

test("a stretch that may be cut short ends a tenth of a second after an interruption of its measured time, with the figures until then", async () => {
  const { session, stretch, clock, stopping, threads, moments } = await openSession();
  const running = session.run({ ...stretch, durationSeconds: 600, cutShort: true });
  await clock.advance(3000);
  stopping.abort();
  const seen = watched(running);
  await clock.advance(99);
  assert.equal(seen.value, undefined);
  await clock.advance(1);
  const { seconds, offeredPerSecond } = await running;
  assert.deepEqual([seconds, offeredPerSecond], [2, 100]);
  assert.deepEqual(moments.at(-1), ["end", 3100]);
  assert.deepEqual(threads.at(0).called.slice(4), ["cut short", "settle 7 s []", "settle 7 s []", "record"]);
});

test("a stretch that is cut short at its very beginning lasted a moment, and one just before its end no longer than planned", async () => {
  const early = await openSession();
  const startMs = early.clock.monotonic() + 100;
  const first = early.session.run({ ...early.stretch, warmUpSeconds: 0, cutShort: true });
  await early.clock.advance(100);
  assert.equal(early.clock.monotonic(), startMs);
  early.stopping.abort();
  await early.clock.advance(100);
  assert.equal((await first).seconds, 0.1);

  const late = await openSession();
  const second = late.session.run({ ...late.stretch, cutShort: true });
  await late.clock.advance(5050);
  late.stopping.abort();
  await late.clock.advance(100);
  assert.equal((await second).seconds, 4);
});

test("an interruption in the warm-up ends also a session whose stretches may be cut short", async () => {
  const { session, stretch, clock, stopping, threads } = await openSession();
  const rejected = assert.rejects(session.run({ ...stretch, cutShort: true }), { code: "interrupted" });
  await clock.advance(500);
  stopping.abort();
  await clock.advance(0);
  await rejected;
  assert.ok(!threads.at(0).called.includes("cut short"));
});

/** Has both threads testify to a group of which they saw different parts, with a reader in the first. */
function withGroup(thread: FakeThread): void {
  const { thread: number } = thread.start;
  const observer = new GroupObserver(group, number === 0 ? 6 : 2);
  observer.enter(number, userId(number + 1), 6);
  const readers = [{ client: 0, user: userId(1), token: Buffer.from("token"), groups: [group] }];
  const { audit } = testimonyOf();
  thread.testimony = { audit: { ...audit, groups: [observer.record()] }, readers: number === 0 ? readers : [] };
  thread.lasts.push(new Map([[group, 9]]));
}

/** Lets the reader in, who is a member of the group. */
async function letReaderIn({ network, clock }: Pick<ReturnType<typeof newParts>, "network" | "clock">) {
  const connection = await network.resumed(userId(1));
  const { request } = connection.request("groups");
  const listed = { group, epoch: epoch(1), lastSeq: seq(9), logLength: 1, readSeq: seq(0) };
  connection.say({ kind: "groups", request, groups: [listed] });
  await clock.advance(0);
  return connection;
}

test("the audit reads each group again, from before the first message that any thread saw to the last that any knows of", async () => {
  const { session, stretch, clock, network } = await openSession(withGroup);
  const running = session.run(stretch);
  await clock.advance(5100);
  await running;
  const auditing = session.audit();
  const connection = await letReaderIn({ network, clock });
  const { after, through, request } = connection.request("sync");
  assert.deepEqual([after, through], [2, 9]);
  connection.say({ kind: "synced", request, group, after, through, lastSeq: through });
  await clock.advance(5);
  const { sent, passed } = await auditing;
  assert.deepEqual([sent, passed], [20, true]);
  assert.ok(connection.isClosed);
});

test("an interruption ends the reading, but not that of a session which was cut short by it", async () => {
  for (const cutShort of [false, true]) {
    const { session, stretch, clock, network, stopping } = await openSession(withGroup);
    const running = session.run({ ...stretch, cutShort });
    await clock.advance(5100);
    await running;
    const auditing = session.audit();
    const connection = await letReaderIn({ network, clock });
    stopping.abort();
    await clock.advance(5);
    assert.equal(connection.isClosed, !cutShort);
    await clock.advance(31_000);
    await auditing;
  }
});

test("a session that is closed hears of no interruption any more", async () => {
  const { session, stretch, stopping, threads, clock } = await openSession();
  const running = session.run({ ...stretch, cutShort: true });
  await clock.advance(5100);
  await running;
  await session.close();
  stopping.abort();
  await clock.advance(0);
  assert.equal(threads.at(0).called.at(-1), "stop");
});

test("a session does without a signal and without anybody to whom progress is shown", async () => {
  const { parts, options, clock, threads, stretch } = newParts();
  const { workload: of, target, accounts, keyPairs } = options;
  const session = await LoadSession.open({ workload: of, target, accounts, keyPairs }, parts);
  threads.at(0).live({});
  const running = session.run(stretch);
  await clock.advance(5100);
  assert.equal((await running).seconds, 4);
  await session.close();
});

test("a load waits for what its caller does when all are in, runs the workload, audits it, and leaves no thread", async () => {
  const { options, parts, clock, threads, moments, stretch } = newParts();
  let letGo = () => {};
  const loading = generateLoad(
    {
      ...options,
      onReady: () => new Promise((resolve) => (letGo = resolve)),
      onMeasure: async (moment) => stretch.onMeasure?.(moment),
    },
    parts,
  );
  await clock.advance(1000);
  assert.equal(present(threads.at(0).called.at(-1)), "join 0:70,1:71");
  letGo();
  await clock.advance(5100);
  const { seconds, audit } = await loading;
  assert.deepEqual([seconds, audit.sent, audit.passed], [4, 20, true]);
  assert.deepEqual(
    moments.map(([moment]) => moment),
    ["begin", "end"],
  );
  assert.equal(threads.at(0).called.at(-1), "stop");
});

test("a load that fails leaves no thread", async () => {
  const { options, parts, threads } = newParts();
  const onReady = () => Promise.reject(new Error("no metrics"));
  await assert.rejects(generateLoad({ ...options, onReady }, parts), /no metrics/);
  assert.equal(threads.at(0).called.at(-1), "stop");
});

test("a load is cut short if its caller says so, and fails when it is interrupted otherwise", async () => {
  for (const cutShort of [true, undefined]) {
    const { options, parts, clock, stopping } = newParts();
    const loading = generateLoad({ ...options, ...(cutShort && { cutShort }) }, parts);
    const outcome = loading.then(
      ({ seconds }) => seconds,
      (cause: unknown) => cause instanceof Error && "code" in cause && cause.code,
    );
    await clock.advance(2000);
    stopping.abort();
    await clock.advance(200);
    assert.equal(await outcome, cutShort ? 1 : "interrupted");
  }
});
