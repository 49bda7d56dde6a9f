import assert from "node:assert/strict";
import { test } from "node:test";
import { Coalescer } from "./coalescer.ts";

/** A load that waits for the test to let it go on. */
function slowLoads() {
  const loads: { readonly keys: readonly number[]; readonly finish: (cause?: Error) => void }[] = [];
  const load = (keys: readonly number[]) =>
    new Promise<ReadonlyMap<number, string>>((resolve, reject) => {
      const found = new Map(keys.filter((key) => key > 0).map((key) => [key, `value ${key}`]));
      loads.push({ keys, finish: (cause) => (cause ? reject(cause) : resolve(found)) });
    });
  return { loads, load };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("keys that are asked for while a load is under way go into the next load, each key once", async () => {
  const { loads, load } = slowLoads();
  const coalescer = new Coalescer(load);
  const first = [coalescer.get(1), coalescer.get(2), coalescer.get(1)];
  await turn();
  const second = [coalescer.get(3), coalescer.get(-1), coalescer.get(3)];
  await turn();
  assert.equal(loads.length, 1);
  loads[0]?.finish();
  assert.deepEqual(await Promise.all(first), ["value 1", "value 2", "value 1"]);
  await turn();
  loads[1]?.finish();
  assert.deepEqual(await Promise.all(second), ["value 3", undefined, "value 3"]);
  assert.deepEqual(
    loads.map(({ keys }) => keys),
    [
      [1, 2],
      [3, -1],
    ],
  );
});

test("a load that fails is an error for those who wait for it, and for nobody else", async () => {
  const { loads, load } = slowLoads();
  const coalescer = new Coalescer(load);
  const failing = coalescer.get(1);
  await turn();
  const later = coalescer.get(2);
  loads[0]?.finish(new Error("the database is away"));
  await assert.rejects(failing, /away/);
  await turn();
  loads[1]?.finish();
  assert.equal(await later, "value 2");
});

test("no load is larger than the bound", async () => {
  const sizes: number[] = [];
  const coalescer = new Coalescer<number, number>(async (keys) => {
    sizes.push(keys.length);
    return new Map(keys.map((key) => [key, key]));
  }, 10);
  await Promise.all(Array.from({ length: 25 }, (_, i) => coalescer.get(i)));
  assert.deepEqual(sizes, [10, 10, 5]);
});

test("a key that is asked for after a load has ended, well or badly, is loaded again", async () => {
  const { loads, load } = slowLoads();
  const coalescer = new Coalescer(load);
  for (const cause of [undefined, new Error("away"), undefined]) {
    const asked = coalescer.get(1);
    await turn();
    loads.at(-1)?.finish(cause);
    if (cause) await assert.rejects(asked, cause);
    else assert.equal(await asked, "value 1");
    await turn();
  }
  assert.equal(loads.length, 3);
});
