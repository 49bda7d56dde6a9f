import assert from "node:assert/strict";
import { test } from "node:test";
import { highestHeld, pilotRates, pilotShare, rateFor, ratePerSecondMax, ratePerSecondMin } from "./pilot.ts";

/** Climbs on a machine that holds this much, and in its n-th try (from 0) fails at any rate if it is one of these. */
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

test("one bad moment does not end the climb, two at one rate do", async () => {
  assert.deepEqual(await climb(100, [1]), { highest: 8, tried: [1, 2, 2, 4, 8] });
  assert.deepEqual(await climb(100, [1, 2]), { highest: 1, tried: [1, 2, 2] });
});

test("rates double, from the lowest that cells have to what the highest is the share of", () => {
  assert.equal(pilotRates[0], ratePerSecondMin);
  assert.equal((pilotRates.at(-1) ?? 0) * pilotShare, ratePerSecondMax);
  for (let i = 1; i < pilotRates.length; i++) assert.equal(pilotRates[i], 2 * (pilotRates[i - 1] ?? 0));
});

test("cells are measured at the share of what is held, within bounds", () => {
  assert.equal(rateFor(250), 125);
  assert.equal(rateFor(1e6), ratePerSecondMax);
  assert.equal(rateFor(ratePerSecondMin), ratePerSecondMin);
  assert.equal(rateFor(null), ratePerSecondMin);
});
