import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../core/platform/failure.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { present } from "../../core/testing/present.ts";
import { groupId } from "../../core/wire/ids.ts";
import { type FakeThread, FakeThreads, recorded } from "../testing/fake-threads.ts";
import { unusedKeyPairs, workloadOf } from "../testing/fake-users.ts";
import { sentSlots } from "../workload/message-stamp.ts";
import { Crew, type Progress } from "./crew.ts";

/** A crew of two fake threads with ten users. */
function newCrew(prepare?: (thread: FakeThread) => void) {
  const clock = new FakeClock();
  const threads = new FakeThreads(clock, prepare);
  const shown: Progress[] = [];
  const workload = workloadOf({
    clients: 10,
    groups: [{ count: 1, sizes: { kind: "fixed", size: 2 } }],
    threads: 2,
    warmUpSeconds: 1,
    durationSeconds: 4,
  });
  const start = {
    workload,
    target: "chat.example:7400",
    tls: undefined,
    accounts: { kind: "signUp", namePrefix: "user", password: "secret" },
    keyPairs: [unusedKeyPairs],
  } as const;
  const crew = new Crew(start, (progress) => shown.push(progress), { clock, startThread: threads.start });
  const called = (thread: number) => threads.at(thread).called;
  return { crew, clock, threads, shown, workload, called };
}

test("each thread is started with its number, the workload, and one table of lateness for each thread, which all share", () => {
  const { threads, workload } = newCrew();
  assert.deepEqual(
    threads.started.map(({ start }) => start.thread),
    [0, 1],
  );
  const [{ start: first }, { start: second }] = [threads.at(0), threads.at(1)];
  assert.equal(first.workload, workload);
  assert.deepEqual([first.target, first.accounts.namePrefix], ["chat.example:7400", "user"]);
  assert.deepEqual(
    first.lateness.map(({ length, buffer }) => [length, buffer instanceof SharedArrayBuffer]),
    [
      [sentSlots, true],
      [sentSlots, true],
    ],
  );
  assert.equal(first.lateness[1], second.lateness[1]);
  assert.notEqual(first.lateness[0], first.lateness[1]);
});

test("stamps count from 1970 on, so that those of two runs differ", () => {
  const clock = Object.assign(new FakeClock(), { monotonic: () => 1500 });
  const threads = new FakeThreads(clock);
  const { workload } = newCrew();
  const accounts = { kind: "signUp", namePrefix: "", password: "" } as const;
  new Crew({ workload, target: "", tls: undefined, accounts, keyPairs: [] }, undefined, {
    clock,
    startThread: threads.start,
  });
  assert.equal(threads.at(0).start.stampOffsetMicros, (clock.now() - 1500) * 1000);
});

test("groups are founded when all users are connected, and all threads hear of the groups of all", async () => {
  const { crew, called } = newCrew();
  await crew.gather();
  for (const thread of [0, 1]) assert.deepEqual(called(thread), ["connect", "found", "join 0:70,1:71"]);
});

test("settling tells all threads of the last seqs that any of them knows of, and goes on until these have come", async () => {
  const { crew, called, threads } = newCrew();
  const [a, b] = [groupId(70), groupId(71)];
  threads.at(0).lasts.push(new Map([[a, 5]]), new Map([[a, 6]]));
  threads.at(1).lasts.push(
    new Map([
      [a, 7],
      [b, 2],
    ]),
    new Map([[b, 1]]),
  );
  await crew.settle(9);
  for (const thread of [0, 1]) assert.deepEqual(called(thread), ["settle 9 s []", "settle 9 s [[70,7],[71,2]]"]);
  assert.deepEqual(
    [...crew.lasts],
    [
      [a, 7],
      [b, 2],
    ],
  );
});

test("records and testimonies are those of all threads, in their order", async () => {
  const { crew, threads } = newCrew();
  threads.at(1).record = { ...threads.at(1).record, offered: 5 };
  assert.deepEqual(
    (await crew.records()).map(({ offered }) => offered),
    [100, 5],
  );
  assert.deepEqual(await crew.testimonies(), [threads.at(0).testimony, threads.at(1).testimony]);
});

test("a stretch is over when all threads have sent their last message, and ends early at the time that they are told", async () => {
  const { crew, clock, called, workload } = newCrew();
  const startMs = clock.monotonic() + 100;
  let isOver = false;
  void crew.run(workload, startMs).then(() => (isOver = true));
  await clock.advance(2000);
  crew.cutShort(clock.monotonic() + 50);
  await clock.advance(49);
  assert.equal(isOver, false);
  await clock.advance(1);
  assert.equal(isOver, true);
  for (const thread of [0, 1]) assert.deepEqual(called(thread), ["run poisson", "cut short"]);
});

test("progress is shown when the first thread reports: sums of all, and rates and latencies since the last time", async () => {
  const { clock, shown, threads } = newCrew();
  await clock.advance(2000);
  threads.at(1).live({ connected: 2, offered: 40, delivered: 100, errors: 1, recent: recorded(8) });
  assert.equal(shown.length, 0);
  threads.at(0).live({ connected: 3, offered: 60, delivered: 300, errors: 2, recent: recorded(5) });
  const [first] = shown;
  assert.deepEqual(
    { ...first, p99Ms: Math.round(first?.p99Ms ?? 0) },
    {
      phase: "connecting",
      done: 0.5,
      connected: 5,
      offeredPerSecond: 50,
      deliveredPerSecond: 200,
      p99Ms: 8,
      errors: 3,
    },
  );
  await clock.advance(500);
  threads.at(1).live({ connected: 2, offered: 40, delivered: 100 });
  threads.at(0).live({ connected: 3, offered: 65, delivered: 310 });
  const second = present(shown[1]);
  assert.deepEqual([second.offeredPerSecond, second.deliveredPerSecond, second.p99Ms], [10, 20, undefined]);
});

test("progress says how much of a phase is done where that is known", async () => {
  const { crew, clock, shown, threads, workload } = newCrew();
  const doneNow = () => {
    threads.at(0).live({ connected: 4 });
    const { phase, done } = present(shown.at(-1));
    return [phase, done];
  };
  assert.deepEqual(doneNow(), ["connecting", 0.4]);
  await crew.gather();
  assert.deepEqual(doneNow(), ["founding groups", 0]);
  void crew.run({ ...workload, warmUpSeconds: 2, durationSeconds: 8 }, clock.monotonic());
  await clock.advance(500);
  assert.deepEqual(doneNow(), ["warming up", 0.25]);
  await clock.advance(2000);
  assert.deepEqual(doneNow(), ["warming up", 1]);
  crew.phase = "measuring";
  await clock.advance(2000);
  assert.deepEqual(doneNow(), ["measuring", 0.25]);
  await clock.advance(9000);
  assert.deepEqual(doneNow(), ["measuring", 1]);
  await crew.settle(1);
  assert.deepEqual(doneNow(), ["settling", 0]);
  await crew.testimonies();
  assert.deepEqual(doneNow(), ["auditing", 0]);
});

test("a warm-up of no time is done at once", async () => {
  const { crew, clock, shown, threads, workload } = newCrew();
  void crew.run({ ...workload, warmUpSeconds: 0 }, clock.monotonic());
  threads.at(0).live({});
  assert.equal(shown[0]?.done, 0);
  await clock.advance(1);
  threads.at(0).live({});
  assert.equal(shown[1]?.done, 1);
});

test("a crew that is stopped waits for its threads, and calls them for nothing any more", async () => {
  const { crew, clock, called } = newCrew();
  assert.equal(crew.stopped, false);
  await crew.stop();
  assert.deepEqual([crew.stopped, clock.waiting], [true, 0]);
  await crew.stop();
  await assert.rejects(crew.gather(), {
    code: "interrupted",
    message: "the run was stopped",
    advice: "start it again",
  });
  for (const thread of [0, 1]) assert.deepEqual(called(thread), ["stop"]);
});

test("whoever stops a crew that others have stopped waits for its threads, too", async () => {
  const { crew, clock } = newCrew((thread) => {
    thread.endsWhenAsked = false;
  });
  const ended: string[] = [];
  for (const who of ["first", "second"]) void crew.stop().then(() => ended.push(who));
  await clock.advance(4999);
  assert.deepEqual(ended, []);
  await clock.advance(1);
  assert.deepEqual(ended, ["first", "second"]);
});

test("a thread that does not end within five seconds is terminated", async () => {
  const { crew, clock, called } = newCrew((thread) => {
    thread.endsWhenAsked = thread.start.thread === 0;
  });
  const stopping = crew.stop();
  await clock.advance(4999);
  assert.deepEqual(called(1), ["stop"]);
  await clock.advance(1);
  await stopping;
  assert.deepEqual([called(0), called(1)], [["stop"], ["stop", "terminate"]]);
});

test("a failure of a thread is the crew's; any other error becomes one, with its words", async () => {
  const { crew, threads } = newCrew();
  const failure = new Failure("offline", "nobody answers", "start it");
  threads.at(1).fails = failure;
  await assert.rejects(crew.gather(), failure);
  threads.at(1).fails = new TypeError("out of memory");
  await assert.rejects(crew.gather(), {
    code: "generator_failed",
    message: "out of memory",
    advice: "look at the servers' log; lower the load if they were busy",
  });
});
