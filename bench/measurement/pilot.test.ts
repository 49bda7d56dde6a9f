import assert from "node:assert/strict";
import { test } from "node:test";
import { present } from "../../core/testing/present.ts";
import type { InvalidCode } from "../../loadgen/recorder/validity.ts";
import { sampleCell } from "../document/testing/sample-run.ts";
import {
  highestHeld,
  highestOf,
  pilotP99MsMax,
  pilotRates,
  pilotShare,
  rateFor,
  ratePerSecondMax,
  ratePerSecondMin,
  reasonsAgainst,
} from "./pilot.ts";

/** Climbs on a machine that holds rates up to `holds`, except in the `unlucky` tries, which are counted from 0. */
async function climb(holds: number, unlucky: readonly number[] = []) {
  const tried: number[] = [];
  const highest = await highestHeld([1, 2, 4, 8], async (rate) => {
    tried.push(rate);
    return rate <= holds && !unlucky.includes(tried.length - 1);
  });
  return { highest, tried };
}

test("the climb ends at the highest rate that is held", async () => {
  assert.deepEqual(await climb(4), { highest: 4, tried: [1, 2, 4, 8, 8] });
  assert.deepEqual(await climb(100), { highest: 8, tried: [1, 2, 4, 8] });
  assert.deepEqual(await climb(0), { highest: null, tried: [1, 1] });
});

test("one failed try does not end the climb, two at one rate do", async () => {
  assert.deepEqual(await climb(100, [1]), { highest: 8, tried: [1, 2, 2, 4, 8] });
  assert.deepEqual(await climb(100, [1, 2]), { highest: 1, tried: [1, 2, 2] });
});

test("the pilot's rates double, from the lowest rate of cells to the one of which their highest is the share", () => {
  assert.equal(pilotRates[0], ratePerSecondMin);
  assert.equal((pilotRates.at(-1) ?? 0) * pilotShare, ratePerSecondMax);
  for (let i = 1; i < pilotRates.length; i++) assert.equal(pilotRates[i], 2 * (pilotRates[i - 1] ?? 0));
});

test("the cells' rate is the share of the rate that was held, within bounds", () => {
  assert.equal(rateFor(250), 125);
  assert.equal(rateFor(1e6), ratePerSecondMax);
  assert.equal(rateFor(ratePerSecondMin), ratePerSecondMin);
  assert.equal(rateFor(null), ratePerSecondMin);
});

test("a rate is held if the rules for valid cells hold, and 99 of 100 deliveries take 250 ms at most", () => {
  const latencies = (p99: number) => ({ ...present(sampleCell().deliveryMs), p99 });
  const reasons = (p99: number | undefined, ...codes: readonly InvalidCode[]) =>
    reasonsAgainst({
      deliveryMs: p99 === undefined ? undefined : latencies(p99),
      invalidReasons: codes.map((code) => ({ code, detail: "…" })),
    }).map((reason) => reason.split(":")[0]);
  assert.equal(pilotP99MsMax, 250);
  assert.deepEqual(reasons(250), []);
  assert.deepEqual(reasons(250.1), ["slow"]);
  assert.deepEqual(reasons(10, "unsettled"), ["unsettled"], "a message had no outcome in time");
  assert.deepEqual(reasons(400, "rate_not_met", "sends_late"), ["rate_not_met", "sends_late", "slow"]);
  assert.deepEqual(reasons(undefined), ["nothing was delivered"]);
});

test("of the rates that were tried, the highest counts that was held", () => {
  const rungs = [
    { ratePerSecond: 125, held: true },
    { ratePerSecond: 250, held: false },
    { ratePerSecond: 250, held: true },
    { ratePerSecond: 500, held: false },
  ];
  assert.equal(highestOf(rungs), 250);
  assert.equal(highestOf(rungs.slice(3)), null);
  assert.equal(highestOf([]), null);
});
