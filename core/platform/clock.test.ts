import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { FakeClock } from "../testing/fake-clock.ts";
import { shiftBetween, sleep, systemClock } from "./clock.ts";

test("the monotonic clock is one clock in every thread of a machine", async () => {
  const source = `
    const { parentPort } = require("node:worker_threads");
    import(${JSON.stringify(import.meta.resolve("./clock.js"))}).then(({ systemClock }) => parentPort.postMessage(systemClock.monotonic()));
  `;
  const before = systemClock.monotonic();
  const worker = new Worker(source, { eval: true });
  const inWorker = await new Promise<number>((resolve, reject) =>
    worker.once("message", resolve).once("error", reject),
  );
  const after = systemClock.monotonic();
  await worker.terminate();
  assert.ok(before < inWorker && inWorker < after, `${before} < ${inWorker} < ${after}`);
});

test("the shift between two clocks is measured right, also when the thread is set aside between its readings", () => {
  let now = 0;
  let readings = 0;
  const first = () => now + 1000;
  const second = () => {
    // The thread is set aside for 3 ms at every reading but one.
    if (readings++ !== 7) now += 3;
    return now;
  };
  assert.equal(shiftBetween(first, second), 1000);
});

test("the monotonic clock is the machine's, in milliseconds", () => {
  const machineMs = Number(process.hrtime.bigint()) / 1e6;
  const hourMs = 3_600_000;
  assert.ok(Math.abs(systemClock.monotonic() - machineMs) < hourMs);
});

test("the system's clock tells the time, and runs what is due once or again and again until it is cancelled", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_700_000_000_000 });
  const ran: string[] = [];
  systemClock.after(20, () => ran.push("twenty"));
  const cancel = systemClock.after(10, () => ran.push("cancelled"));
  const stop = systemClock.every(15, () => ran.push("every fifteen"));
  cancel();
  t.mock.timers.tick(45);
  assert.deepEqual(ran, ["every fifteen", "twenty", "every fifteen", "every fifteen"]);
  assert.equal(systemClock.now(), 1_700_000_000_045);
  stop();
  t.mock.timers.tick(100);
  assert.equal(ran.length, 4);
});

test("a fake clock moves only when a test moves it, and runs what is due in order", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  clock.after(20, () => ran.push("twenty"));
  clock.after(10, () => ran.push("ten"));
  const cancel = clock.after(15, () => ran.push("cancelled"));
  const stop = clock.every(8, () => ran.push("every eight"));
  void sleep(clock, 12).then(() => ran.push("slept"));
  cancel();
  await clock.advance(17);
  assert.deepEqual(ran, ["every eight", "ten", "slept", "every eight"]);
  stop();
  await clock.advance(100);
  assert.deepEqual(ran.slice(4), ["twenty"]);
  assert.equal(clock.waiting, 0);
});

test("a sleep ends with its time or with its signal, whichever comes first, and leaves neither a timer nor a listener", async () => {
  for (const abort of [true, false]) {
    const clock = new FakeClock();
    const stopping = new AbortController();
    let isAwake = false;
    void sleep(clock, 1000, stopping.signal).then(() => {
      isAwake = true;
    });
    await clock.advance(999);
    assert.equal(isAwake, false);
    if (abort) stopping.abort();
    await clock.advance(abort ? 0 : 1);
    assert.equal(isAwake, true);
    assert.deepEqual([clock.waiting, getEventListeners(stopping.signal, "abort").length], [0, 0]);
  }
});

test("a sleep whose signal is aborted before it begins is none", async () => {
  const clock = new FakeClock();
  await sleep(clock, 1000, AbortSignal.abort());
  assert.equal(clock.waiting, 0);
});
