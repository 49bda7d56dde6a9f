import assert from "node:assert/strict";
import { test } from "node:test";
import { ownCpuSeconds } from "../../core/platform/cpu-seconds.ts";
import { type MicroSubject, measureRounds, resultOf } from "./rounds.ts";

const { signal } = new AbortController();
const options = { rounds: 4, seconds: 0.0001, signal };

/** An arm that is called once a round. */
const arm = (name: string, call: () => unknown) => ({ name, call, callsPerRound: 1 });

test("arms take turns in an alternating order, and no subject has more rounds than its own limit", async () => {
  const calls: string[] = [];
  const subject = (operation: string, roundsMax?: number): MicroSubject => ({
    group: "order",
    operation,
    arms: ["a", "b"].map((name) => arm(name, () => void calls.push(operation + name))),
    ...(roundsMax && { roundsMax }),
  });
  const [all, few] = await measureRounds([subject("1"), subject("2", 2)], options);
  assert.deepEqual(calls, ["1a", "1b", "2a", "2b", "1b", "1a", "2b", "2a", "1a", "1b", "1b", "1a"]);
  assert.deepEqual([all?.arms[0]?.rounds.length, few?.arms[0]?.rounds.length], [4, 2]);
});

test("a call that computes holds the event loop for longer than one that waits", async () => {
  const waits = () => new Promise((resolve) => setTimeout(resolve, 20));
  const computes = () => {
    const until = performance.now() + 20;
    while (performance.now() < until);
  };
  const [result] = await measureRounds(
    [{ group: "held", operation: "20 ms", arms: [arm("waits", waits), arm("computes", computes)] }],
    { ...options, rounds: 1 },
  );
  const [waiting, computing] = (result?.arms ?? []).map((of) => of.heldMicrosPerCall.median / of.microsPerCall.median);
  assert.ok(waiting !== undefined && computing !== undefined && waiting < computing / 2, `${waiting} ${computing}`);
});

test("short calls are measured many at a time, and counted one by one", async () => {
  let calls = 0;
  const [result] = await measureRounds(
    [{ group: "short", operation: "count", arms: [{ name: "sync", call: () => ++calls }] }],
    { ...options, rounds: 1 },
  );
  const measured = result?.arms[0]?.rounds[0];
  assert.ok(measured && measured.calls > 100 && measured.calls <= calls, JSON.stringify(measured));
});

test("of calls that are under way together, each counts with its share of the time", async () => {
  const wait = () => new Promise((resolve) => setTimeout(resolve, 20));
  const arms = [{ name: "ten", call: wait, atOnce: 10, callsPerRound: 1 }];
  const [result] = await measureRounds([{ group: "g", operation: "wait", arms }], { ...options, rounds: 1 });
  assert.equal(result?.arms[0]?.rounds[0]?.calls, 10);
  assert.ok((result?.arms[0]?.microsPerCall.median ?? 0) < 20_000);
});

test("arms with different results, an arm that fails, and a Ctrl-C end the run", async () => {
  const fails = () => {
    throw new Error("broken");
  };
  const subject = { group: "g", operation: "o", arms: [arm("fails", fails)] };
  await assert.rejects(measureRounds([subject], options), /broken/);
  const unequal = { ...subject, arms: [arm("a", () => 1)], prove: fails };
  await assert.rejects(measureRounds([unequal], options), /broken/);
  const stopped = { ...options, signal: AbortSignal.abort() };
  await assert.rejects(measureRounds([{ ...subject, arms: [arm("a", () => 1)] }], stopped), /was stopped/);
});

test("an arm is compared with the first by what it took of it in each round, not the other way round", () => {
  const rounds = (...micros: readonly number[]) =>
    micros.map((each) => ({ calls: 1, microsPerCall: each, heldMicrosPerCall: 2 * each, cpuMicrosPerCall: 3 * each }));
  const { ofFirst, microsPerCall } = resultOf(
    arm("second", () => 1),
    rounds(30, 60, 90),
    rounds(10, 20, 30),
  );
  assert.deepEqual(
    [ofFirst.time, ofFirst.held, ofFirst.cpu].map(({ median, low, high }) => [median, low, high]),
    [
      [3, 3, 3],
      [3, 3, 3],
      [3, 3, 3],
    ],
  );
  assert.equal(microsPerCall.median, 60);
});

test("the CPU of all calls together is no more than the process has used", async () => {
  const computes = () => {
    const until = performance.now() + 20;
    while (performance.now() < until);
  };
  const before = ownCpuSeconds();
  const arms = [{ name: "ten", call: computes, atOnce: 10, callsPerRound: 1 }];
  const [result] = await measureRounds([{ group: "g", operation: "cpu", arms }], { ...options, rounds: 1 });
  const [round] = result?.arms[0]?.rounds ?? [];
  assert.ok(round);
  assert.ok((round.cpuMicrosPerCall * round.calls) / 1e6 <= ownCpuSeconds() - before, JSON.stringify(round));
});
