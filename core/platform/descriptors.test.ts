import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { FakeClock } from "../testing/fake-clock.ts";
import { DescriptorBudget, descriptorShare, descriptorsOfProcess } from "./descriptors.ts";

test("what a process has open is counted, and its bound is what it was started under", {
  skip: !descriptorsOfProcess(),
}, () => {
  const descriptors = descriptorsOfProcess();
  assert.ok(descriptors);
  const before = descriptors.open();
  const opened = Array.from({ length: 10 }, () => openSync(process.execPath, "r"));
  assert.equal(descriptors.open() - before, 10);
  for (const descriptor of opened) closeSync(descriptor);
  assert.equal(descriptors.open(), before);
});

test("a soft bound below the hard one is no bound: Node raises it", { skip: process.platform === "win32" }, () => {
  const file = new URL("./descriptors.js", import.meta.url).href;
  const script = `import { descriptorsOfProcess } from ${JSON.stringify(file)}; console.log(descriptorsOfProcess().max)`;
  const bounded = `ulimit -Sn 100 && ulimit -Hn 300 && exec "$0" --input-type=module --eval "$1"`;
  const { stdout } = spawnSync("sh", ["-c", bounded, process.execPath, script], { encoding: "utf8" });
  assert.equal(stdout, "300\n");
});

/** Two threads' views of a process that may have 100 open and keeps back 20. */
function twoThreads(open: { count: number }) {
  const clock = new FakeClock();
  const share = descriptorShare(100, 20);
  const thread = () => new DescriptorBudget(share, { open: () => open.count, clock });
  return { clock, threads: [thread(), thread()] as const };
}

test("all threads together open no more than is not kept back, whoever opens how many", () => {
  for (const favoured of [0, 1, 0.5]) {
    const open = { count: 10 };
    const { clock, threads } = twoThreads(open);
    for (let i = 0; i < 500; i++) {
      const budget = threads[i / 500 < favoured ? 0 : 1];
      open.count++; // A socket is open before somebody is asked whether it may be.
      if (!budget.take()) open.count--;
      clock.stall(7);
      assert.ok(open.count <= 80, `${open.count} are open`);
    }
    assert.ok(open.count >= 79, `${open.count} are open at last`);
  }
});

test("what was closed may be opened again, whether somebody has told of its end or not", () => {
  const open = { count: 80 };
  const { clock, threads } = twoThreads(open);
  assert.equal(threads[0].take(), false);
  open.count = 70;
  clock.stall(1000);
  assert.equal(threads[0].take(), true);
  assert.equal(threads[1].take(), true);
});

test("while nothing may be opened, it is not counted at every try", () => {
  let counted = 0;
  const clock = new FakeClock();
  const open = () => {
    counted++;
    clock.stall(1);
    return 100;
  };
  const budget = new DescriptorBudget(descriptorShare(100, 20), { open, clock });
  for (let i = 0; i < 1000; i++) budget.take();
  assert.equal(counted, 1);
  clock.stall(1000);
  budget.take();
  assert.equal(counted, 2);
});
