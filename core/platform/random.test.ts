import assert from "node:assert/strict";
import { test } from "node:test";
import { itemAt } from "./item-at.ts";
import { pickOne, seededRandom, shuffled } from "./random.ts";

const draws = <T>(count: number, draw: () => T) => Array.from({ length: count }, draw);

test("a seed replays, and another seed does not", () => {
  const first = draws(100, seededRandom(42).uint32);
  assert.deepEqual(draws(100, seededRandom(42).uint32), first);
  assert.notDeepEqual(draws(100, seededRandom(43).uint32), first);
});

test("a seed draws what sfc32, filled by splitmix32, draws from it", () => {
  // From another implementation of both, with whole numbers of any size.
  assert.deepEqual(draws(4, seededRandom(1).uint32), [2420951833, 2513034076, 3847892949, 4064752930]);
  assert.deepEqual(draws(4, seededRandom(0xdeadbeef).uint32), [21709380, 3139768472, 2673704856, 1041672155]);
  assert.deepEqual(draws(2, seededRandom(1).unit), [0.5636717720710586, 0.8959073941886353]);
});

test("a fork's draws do not disturb where it came from", () => {
  const alone = seededRandom(7);
  alone.uint32();
  const expected = draws(10, alone.uint32);
  const forking = seededRandom(7);
  const fork = forking.fork();
  draws(5, fork.uint32);
  assert.deepEqual(draws(10, forking.uint32), expected);
});

test("numbers are spread as they say", () => {
  const random = seededRandom(1);
  const units = draws(100_000, random.unit);
  assert.ok(units.every((unit) => unit >= 0 && unit < 1));
  const mean = units.reduce((sum, unit) => sum + unit, 0) / units.length;
  assert.ok(Math.abs(mean - 0.5) < 0.005, `mean ${mean}`);
  const counts = new Array<number>(10).fill(0);
  for (const drawn of draws(100_000, () => random.below(10))) counts[drawn] = itemAt(counts, drawn) + 1;
  // Chi-squared with 9 degrees of freedom: beyond 33 once in ten thousand seeds, and the seed is fixed.
  const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  assert.ok(chiSquared < 33, counts.join(" "));
  const gaps = draws(100_000, () => random.exponential(5));
  const meanGap = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  assert.ok(Math.abs(meanGap - 5) < 0.1, `mean gap ${meanGap}`);
  const longerThanMean = gaps.filter((gap) => gap > 5).length / gaps.length;
  assert.ok(Math.abs(longerThanMean - Math.exp(-1)) < 0.01, `${longerThanMean} are longer than the mean`);
});

test("a shuffle keeps every element, and each is as likely to come first", () => {
  const random = seededRandom(3);
  const list = [0, 1, 2, 3];
  const firsts = new Array<number>(4).fill(0);
  for (let i = 0; i < 8000; i++) {
    const result = shuffled(random, list);
    assert.deepEqual(
      [...result].sort((a, b) => a - b),
      list,
    );
    const first = itemAt(result, 0);
    firsts[first] = itemAt(firsts, first) + 1;
  }
  assert.ok(
    firsts.every((count) => count > 1800 && count < 2200),
    firsts.join(" "),
  );
});

test("a shuffle draws once less than there are elements", () => {
  const [shuffling, drawing] = [seededRandom(4), seededRandom(4)];
  shuffled(shuffling, ["a", "b", "c"]);
  draws(2, drawing.unit);
  assert.equal(shuffling.uint32(), drawing.uint32());
});

test("one is picked from a list that has some, and from an empty one none", () => {
  const random = seededRandom(5);
  const picked = new Set(draws(100, () => pickOne(random, ["a", "b", "c"])));
  assert.deepEqual([...picked].sort(), ["a", "b", "c"]);
  assert.throws(() => pickOne(random, []), { name: "RangeError", message: "pickOne from an empty list" });
});
