import assert from "node:assert/strict";
import { test } from "node:test";
import { stretchResult } from "./stretch-result.ts";
import { recorded, recordOf } from "./testing/fake-threads.ts";
import type { StretchRecord } from "./threads/thread-calls.ts";

const measured = {
  arrivals: { kind: "constant", ratePerSecond: 100 },
  durationSeconds: 2,
  cpuCores: 0.7,
} as const;
const codes = (...records: readonly StretchRecord[]) =>
  stretchResult(measured, records).invalidReasons.map(({ code }) => code);

test("rates are by the measured time, and counts and latencies those of all threads", () => {
  const result = stretchResult(measured, [
    recordOf({ ack: recorded(2, 2, 2), delivery: recorded(10, 10, 10), deliveryUncorrected: recorded(9, 9, 9) }),
    recordOf({
      ack: recorded(8),
      delivery: recorded(50),
      deliveryUncorrected: recorded(49),
      late: recorded(3),
      loopLagP99Ms: 7,
      failures: new Map([["busy", 2]]),
    }),
  ]);
  assert.equal(result.offeredPerSecond, 100);
  assert.equal(result.deliveredPerSecond, 400);
  const near = (value: number | undefined, wanted: number) =>
    assert.ok(value !== undefined && Math.abs(value - wanted) < wanted / 100, `${value} is not ${wanted}`);
  near(result.ackMs?.p50, 2);
  near(result.ackMs?.max, 8);
  near(result.deliveryMs?.p50, 10);
  near(result.deliveryMs?.max, 50);
  near(result.deliveryMs?.uncorrected.p50, 9);
  near(result.generator.lateP99Ms, 3);
  assert.deepEqual([result.generator.cpuCores, result.generator.loopLagP99Ms], [0.7, 7]);
  assert.deepEqual(result.failures, { busy: 2 });
  assert.equal(result.valid, true);
});

test("a stretch is invalid when the generator was late, slow or busy, or messages had no outcome", () => {
  assert.deepEqual(codes(recordOf(), recordOf()), []);
  const late = { delivery: recorded(100), deliveryUncorrected: recorded(10) };
  assert.deepEqual(codes(recordOf(late), recordOf(late)), ["sends_late", "sends_late"]);
  assert.deepEqual(codes(recordOf(), recordOf({ offered: 40 })), ["rate_not_met"]);
  assert.deepEqual(codes(recordOf(), recordOf({ loopUtilization: 0.99 })), ["generator_busy"]);
  assert.deepEqual(codes(recordOf({ unsettled: 3 }), recordOf()), ["unsettled"]);
  const { valid, failures, invalidReasons } = stretchResult(measured, [
    recordOf({ unsettled: 3 }),
    recordOf({ unsettled: 1 }),
  ]);
  assert.deepEqual([valid, failures], [false, { no_outcome: 4 }]);
  assert.deepEqual(invalidReasons, [{ code: "unsettled", detail: "4 messages had no outcome at the end" }]);
});

test("failures of all threads are added up by their code", () => {
  const { failures } = stretchResult(measured, [
    recordOf({ failures: new Map([["busy", 2]]), unsettled: 1 }),
    recordOf({
      failures: new Map([
        ["busy", 3],
        ["not_a_member", 1],
      ]),
    }),
  ]);
  assert.deepEqual(failures, { no_outcome: 1, busy: 5, not_a_member: 1 });
});

test("a stretch in which nothing was sent has no latencies, and nothing was late", () => {
  const none = recorded();
  const nothing = { offered: 0, deliveries: 0, ack: none, delivery: none, deliveryUncorrected: none, late: none };
  const { ackMs, deliveryMs, generator, invalidReasons } = stretchResult(measured, [recordOf(nothing)]);
  assert.deepEqual([ackMs, deliveryMs, generator.lateP99Ms], [undefined, undefined, 0]);
  assert.deepEqual(
    invalidReasons.map(({ code }) => code),
    ["rate_not_met"],
  );
});
