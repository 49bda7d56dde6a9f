import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/platform/random.ts";
import { Arrivals } from "../workload/schedule.ts";
import { generatorCodes, generatorFaults, invalidCodes, invalidText } from "./validity.ts";

const constant = (ratePerSecond: number) =>
  ({ arrivals: { kind: "constant", ratePerSecond }, durationSeconds: 6 }) as const;
const poisson = (ratePerSecond: number) =>
  ({ arrivals: { kind: "poisson", ratePerSecond }, durationSeconds: 6 }) as const;

const codes = (...of: Parameters<typeof generatorFaults>) => generatorFaults(...of).map(({ code }) => code);
/** Latencies from when messages were due, and how much of them was before messages were sent. */
const latencies = (p50: number, p99: number, lateP50: number, lateP99: number) => ({
  offeredPerSecond: 250,
  fromDueMs: { p50, p99 },
  fromSentMs: { p50: p50 - lateP50, p99: p99 - lateP99 },
});

test("how late sends may be depends on the latencies that are reported", () => {
  assert.deepEqual(codes(constant(250), latencies(40, 300, 5, 90)), [], "90 of 300 ms");
  assert.deepEqual(codes(constant(250), latencies(40, 200, 5, 90)), ["sends_late"], "90 of 200 ms");
  assert.deepEqual(codes(constant(250), latencies(40, 400, 16, 50)), ["sends_late"], "16 of 40 ms at the median");
  assert.deepEqual(codes(constant(250), latencies(30, 300, 9.9, 99)), [], "a third is allowed");
  assert.deepEqual(codes(constant(250), latencies(30, 300, 10.2, 102)), ["sends_late", "sends_late"]);
});

test("a few milliseconds of lateness are allowed, whatever their share", () => {
  assert.deepEqual(codes(constant(250), latencies(3, 6, 2, 5)), []);
  assert.deepEqual(codes(constant(250), latencies(3, 7, 2, 6)), ["sends_late"]);
});

test("the reason says which figure is affected, and how much", () => {
  const [reason] = generatorFaults(constant(250), latencies(40, 200, 5, 90));
  assert.match(reason?.detail ?? "", /^45% of p99, 200 ms,/);
});

test("fewer messages than were wanted are a fault, unless chance makes them so", () => {
  const offered = (perSecond: number) => ({ ...latencies(3, 10, 0, 0), offeredPerSecond: perSecond });
  assert.deepEqual(codes(constant(31), offered(31)), []);
  assert.deepEqual(codes(constant(31), offered(29)), ["rate_not_met"]);
  assert.deepEqual(codes(poisson(31), offered(29)), []);
  // Three standard deviations of 600 messages are 73.
  assert.deepEqual(codes(poisson(100), offered(88)), []);
  assert.deepEqual(codes(poisson(100), offered(87)), ["rate_not_met"]);
  assert.deepEqual(codes(poisson(10_000), offered(9400)), ["rate_not_met"]);
});

test("a Poisson process as the workloads draw it is hardly ever found too slow", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  let slow = 0;
  for (let run = 0; run < 500; run++) {
    const arrivals = new Arrivals("poisson", 31, random.fork());
    let messages = 0;
    for (; arrivals.nextMs < 6000; arrivals.advance()) messages++;
    const faults = codes(poisson(31), { ...latencies(3, 10, 0, 0), offeredPerSecond: messages / 6 });
    if (faults.length > 0) slow++;
  }
  assert.ok(slow < 10, `${slow} of 500, seed ${seed}`);
});

test("a busy thread is a fault in any loop, lateness only in an open one", () => {
  const saturate = { arrivals: { kind: "saturate", inFlightPerGroup: 4 }, durationSeconds: 6 } as const;
  assert.deepEqual(codes(saturate, { ...latencies(40, 300, 20, 200), loopUtilization: 0.96 }), ["generator_busy"]);
  assert.deepEqual(codes(saturate, { ...latencies(40, 300, 20, 200), loopUtilization: 0.9 }), []);
});

test("another try may help where the generator, or what kept it from running, is to blame, and nowhere else", () => {
  assert.deepEqual(
    invalidCodes.map((code) => [code, generatorCodes.has(code)]),
    [
      ["sends_late", true],
      ["rate_not_met", true],
      ["generator_busy", true],
      ["unsettled", false],
      ["connections_missing", false],
    ],
  );
});

test("each reason says what was found, with its figures", () => {
  const slow = { ...latencies(40, 200, 16, 20), offeredPerSecond: 20.4, loopUtilization: 0.987 };
  assert.deepEqual(generatorFaults(constant(31), slow).map(invalidText), [
    "sends_late: 40% of p50, 40 ms, is from before messages were sent",
    "rate_not_met: 20 of 31 messages/s were offered",
    "generator_busy: a thread was busy 99% of the time",
  ]);
});

test("a stretch without deliveries was not late", () => {
  assert.deepEqual(codes(constant(31), { offeredPerSecond: 31, fromDueMs: undefined, fromSentMs: undefined }), []);
  assert.deepEqual(codes(constant(31), { ...latencies(40, 300, 0, 0), offeredPerSecond: 31, fromSentMs: undefined }), [
    "sends_late",
    "sends_late",
  ]);
});

test("bounds are allowed: a third, five milliseconds, 95% of the rate and of a thread's time", () => {
  const at = (p: number, late: number) => ({ ...latencies(p, p, late, late), offeredPerSecond: 100 });
  assert.deepEqual(codes(constant(100), at(30, 10)), []);
  assert.deepEqual(codes(constant(100), at(6, 5)), []);
  assert.deepEqual(codes(constant(100), { ...at(6, 0), offeredPerSecond: 95 }), []);
  assert.deepEqual(codes(constant(100), { ...at(6, 0), offeredPerSecond: 94.9 }), ["rate_not_met"]);
  assert.deepEqual(codes(constant(100), { ...at(6, 0), loopUtilization: 0.95 }), []);
});
