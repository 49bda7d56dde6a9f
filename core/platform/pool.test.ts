import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { Pool, poolThreadData, poolThreads } from "./pool.ts";

test("a pool leaves a core to the event loops, and has from one to four threads", () => {
  for (const [cores, threads] of [
    [1, 1],
    [2, 1],
    [3, 2],
    [5, 4],
    [64, 4],
  ] as const)
    assert.equal(poolThreads(cores), threads, `${cores} cores`);
  assert.ok(poolThreads() >= 1 && poolThreads() <= 4);
});

const scratch = mkdtempSync(path.join(tmpdir(), "pool-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const filename = path.join(scratch, "tasks.mjs");
writeFileSync(
  filename,
  `import { poolThreadData } from ${JSON.stringify(new URL("./pool.js", import.meta.url).href)};
  export const double = (number) => 2 * number;
  export const fail = () => { throw new Error("it is broken"); };
  export const made = () => poolThreadData();
  export const wait = (until) => { Atomics.wait(until, 0, 0); return "done"; };`,
);

test("a thread of a pool carries tasks out by their names, and knows what the pool was made with", async () => {
  const pool = new Pool({ filename, threadsMax: 1, queueMax: 3, workerData: { salt: 5 } });
  assert.deepEqual(await pool.run("double", 21), { ok: true, value: 42 });
  assert.deepEqual(await pool.run("made", undefined), { ok: true, value: { salt: 5 } });
  await assert.rejects(pool.run("fail", undefined), { message: "it is broken" });
  assert.equal(poolThreadData(), undefined, "this is no thread of a pool");
  await pool.close();
});

test("as many tasks wait as the queue has room for, one more is refused as busy, and the end of the pool fails those that wait", async () => {
  const pool = new Pool({ filename, threadsMax: 1, queueMax: 2 });
  const until = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const running = pool.run("wait", until);
  const waiting = [pool.run("double", 1), pool.run("double", 2)];
  assert.equal(pool.waiting, 2);
  assert.deepEqual(await pool.run("double", 3), { ok: false, reason: "busy" });
  Atomics.store(until, 0, 1);
  Atomics.notify(until, 0);
  assert.deepEqual(await running, { ok: true, value: "done" });
  assert.deepEqual(await Promise.all(waiting), [
    { ok: true, value: 2 },
    { ok: true, value: 4 },
  ]);
  const left = pool.run("wait", new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)));
  const failed = assert.rejects(left);
  await pool.close();
  await failed;
});
