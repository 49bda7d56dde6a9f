import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import type { Workload, WorkloadText } from "../../loadgen/workload/workload.ts";
import type { ConnectBare } from "../started/bare-client.ts";
import { type BareLoadOptions, generateBareLoad } from "./bare-load.ts";
import { inTurn, measureBare } from "./fanout-arms.ts";
import { workloadFrom } from "./workload-from.ts";

const members = 4;
/** How long a message takes to each of the members. */
const travelMs = [30, 35, 40, 45];
const longestMs = 45;

/** Four users in one group, measured for a second after half a second of warm-up. */
const workloadOf = (arrivals: WorkloadText["arrivals"]): Workload =>
  workloadFrom({
    name: "fanout",
    clients: members,
    groups: [{ count: 1, sizes: { kind: "fixed", size: members } }],
    arrivals,
    warmUpSeconds: 0.5,
    durationSeconds: 1,
    settleSeconds: 1,
  });

const losesNone: (message: number) => boolean = () => false;

/**
 * A server that passes messages on to the members of the group; the first one does not get those that `loses` says. After a second
 * of the run the generator stands still for a while.
 */
async function loaded<Result>(
  load: (workload: Workload, how: BareLoadOptions, onMeasure: () => Promise<void>) => Promise<Result>,
  workload: Workload,
  { loses = losesNone, stallMs = 0 } = {},
) {
  const clock = new FakeClock();
  const receivers: ((frame: Uint8Array) => void)[] = [];
  let messages = 0;
  const connect: ConnectBare = async (_port, _groups, received) => {
    receivers.push(received);
    return {
      publish(_group, frame) {
        const isLost = loses(messages++);
        for (const [i, receive] of receivers.entries()) {
          if (i > 0 || !isLost) clock.after(travelMs[i] ?? 0, () => receive(frame));
        }
      },
      close() {},
    };
  };
  const moments: number[] = [];
  const began = clock.monotonic();
  const { signal } = new AbortController();
  const running = load(workload, { clock, connect, port: 1, frameBytes: 200, signal }, async () => {
    moments.push(clock.monotonic() - began);
  });
  await clock.advance(1000);
  clock.stall(stallMs);
  await clock.advance(3000);
  return { result: await running, moments, messages };
}

const measured = (...of: Parameters<typeof loaded> extends [unknown, ...infer Rest] ? Rest : never) =>
  loaded(measureBare, ...of);

const near = (value: number | undefined, wanted: number) =>
  assert.ok(value !== undefined && Math.abs(value - wanted) <= wanted / 100 + 1, `${value} is not ${wanted}`);

test("a bare server's deliveries are those of the measured time, each member's by itself, from when a message was due", async () => {
  const { result, moments, messages } = await measured(workloadOf({ kind: "constant", ratePerSecond: 100 }));
  near(messages, 150);
  near(result.deliveredPerSecond, 100 * members);
  near(result.deliveryMs?.p50, 35);
  near(result.uncorrectedMs?.p50, 35);
  const [fromMs = 0, untilMs = 0] = moments;
  assert.deepEqual([moments.length, untilMs - fromMs], [2, 1000], "what is read is read around that time");
  assert.deepEqual([result.complete, result.valid, result.breaches], [true, true, []]);
});

test("messages that are offered are those that are due in the measured time", async () => {
  const { result } = await loaded(generateBareLoad, workloadOf({ kind: "constant", ratePerSecond: 100 }));
  near(result.offeredPerSecond, 100);
  near(result.sent, 150);
});

test("messages that a busy generator sends late count from when they were due, and the uncorrected latency from the sending", async () => {
  const { result } = await measured(workloadOf({ kind: "constant", ratePerSecond: 100 }), { stallMs: 300 });
  const late = result.deliveryMs?.p90 ?? 0;
  assert.ok(late > 150 && late < 300 + longestMs, `${late} ms`);
  near(result.uncorrectedMs?.p90, longestMs);
  assert.ok(result.lateP99Ms > 250, `${result.lateP99Ms} ms`);
});

test("a message that a member does not get makes a point incomplete", async () => {
  const { result } = await measured(workloadOf({ kind: "constant", ratePerSecond: 100 }), {
    loses: (message) => message === 70,
  });
  assert.equal(result.complete, false);
});

test("a closed loop keeps so many messages under way in a group, and sends the next when all members have the last", async () => {
  const { result, messages } = await measured(workloadOf({ kind: "saturate", inFlightPerGroup: 3 }));
  near(result.deliveredPerSecond, (3 * members * 1000) / longestMs);
  near(messages, (3 * 1500) / longestMs);
  assert.equal(result.complete, true);
});

test("each round begins with another arm, and has all of them", () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((round) => inTurn(["a", "b", "c"], round).join("")),
    ["abc", "bca", "cab", "abc"],
  );
  assert.deepEqual(inTurn([], 1), []);
});
