import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../testing/fake-clock.ts";
import { ClosableClock } from "./closable-clock.ts";

function newClock() {
  const machine = new FakeClock();
  const ran: string[] = [];
  return { machine, clock: new ClosableClock(machine), ran };
}

test("until its owner closes, a closable clock tells the time and runs what is due, as its clock does", async () => {
  const { machine, clock, ran } = newClock();
  clock.after(20, () => ran.push("twenty"));
  const cancel = clock.after(10, () => ran.push("cancelled"));
  const stop = clock.every(15, () => ran.push("every fifteen"));
  void clock.sleep(25).then(() => ran.push("slept"));
  cancel();
  await machine.advance(30);
  assert.deepEqual(ran, ["every fifteen", "twenty", "slept", "every fifteen"]);
  assert.deepEqual([clock.now(), clock.monotonic(), clock.isClosed], [machine.now(), machine.monotonic(), false]);
  stop();
  assert.equal(machine.waiting, 0);
});

test("once its owner has closed, no timer waits any more, none begins, and who slept is awake", async () => {
  const { machine, clock, ran } = newClock();
  clock.after(20, () => ran.push("after"));
  clock.every(15, () => ran.push("every"));
  const slept = clock.sleep(25);
  clock.close();
  assert.equal(machine.waiting, 0);
  await slept;
  const cancels = [clock.after(20, () => ran.push("after")), clock.every(15, () => ran.push("every"))];
  await clock.sleep(25);
  assert.deepEqual([machine.waiting, clock.isClosed], [0, true]);
  for (const cancel of cancels) cancel();
  await machine.advance(100);
  assert.deepEqual(ran, []);
});
