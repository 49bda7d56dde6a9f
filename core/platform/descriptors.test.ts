import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { FakeClock } from "../testing/fake-clock.ts";
import {
  DescriptorBudget,
  descriptorBudget,
  descriptorShare,
  descriptorsOfProcess,
  openFilesInLimits,
  openFilesInReport,
} from "./descriptors.ts";

test("the descriptors that a process has open are counted, and its bound is the one it was started under", {
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

test("the hard bound counts, since Node raises the soft one to it", { skip: process.platform === "win32" }, () => {
  const file = new URL("./descriptors.js", import.meta.url).href;
  const script = `import { descriptorsOfProcess } from ${JSON.stringify(file)}; console.log(descriptorsOfProcess().max)`;
  const bounded = `ulimit -Sn 100 && ulimit -Hn 300 && exec "$0" --input-type=module --eval "$1"`;
  const { stdout } = spawnSync("sh", ["-c", bounded, process.execPath, script], { encoding: "utf8" });
  assert.equal(stdout, "300\n");
});

test("the bound is read as Linux and as Node's report write it, and there may be none", () => {
  const limits = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units
Max processes             95698                95698                processes
Max open files            ${soft.padEnd(20)} 1048576              files
Max locked memory         8192                 8192                 bytes
`;
  assert.equal(openFilesInLimits(limits("20000")), 20_000);
  assert.equal(openFilesInLimits(limits("unlimited")), undefined);
  assert.equal(openFilesInLimits("not Max open files  5\n"), undefined);
  assert.equal(openFilesInReport({ userLimits: { open_files: { soft: 256, hard: "unlimited" } } }), 256);
  for (const report of [{ userLimits: { open_files: { soft: "unlimited" } } }, { userLimits: {} }, {}, undefined])
    assert.equal(openFilesInReport(report), undefined);
});

test("a thread without a share has no budget, and one with a share counts what its process has open", {
  skip: !descriptorsOfProcess(),
}, () => {
  const clock = new FakeClock();
  assert.equal(descriptorBudget(undefined, clock), undefined);
  assert.equal(descriptorBudget(descriptorShare(100_000_000, 0), clock)?.take(), true);
  assert.equal(descriptorBudget(descriptorShare(3, 0), clock)?.take(), false);
});

/** Two threads' views of a process that may have 100 open and keeps back 20. */
function twoThreads(open: { count: number }) {
  const clock = new FakeClock();
  const share = descriptorShare(100, 20);
  const thread = () => new DescriptorBudget(share, { open: () => open.count, clock });
  return { clock, threads: [thread(), thread()] as const };
}

test("all threads together leave what is kept back, whichever of them opens how many", () => {
  for (const favoured of [0, 1, 0.5]) {
    const open = { count: 10 };
    const { clock, threads } = twoThreads(open);
    for (let i = 0; i < 500; i++) {
      const budget = threads[i / 500 < favoured ? 0 : 1];
      open.count++; // A socket is open before the budget is asked whether it may be.
      if (!budget.take()) open.count--;
      clock.stall(7);
      assert.ok(open.count <= 80, `${open.count} are open`);
    }
    assert.ok(open.count >= 79, `${open.count} are open at last`);
  }
});

test("as many sockets as were closed may be opened again, though nobody reports that one was closed", () => {
  const open = { count: 80 };
  const { clock, threads } = twoThreads(open);
  assert.equal(threads[0].take(), false);
  open.count = 70;
  clock.stall(1000);
  assert.equal(threads[0].take(), true);
  assert.equal(threads[1].take(), true);
});

test("while no socket may be opened, not every try counts what is open", () => {
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
  // Counting takes a twentieth of the time.
  clock.stall(19);
  budget.take();
  assert.equal(counted, 1);
  clock.stall(1);
  budget.take();
  assert.equal(counted, 2);
});

test("as long as sockets may be opened, nothing is counted again", () => {
  let counted = 0;
  const clock = new FakeClock();
  const budget = new DescriptorBudget(descriptorShare(100, 20), { open: () => 10 * ++counted, clock });
  for (let i = 0; i < 70; i++) {
    clock.stall(1000);
    assert.equal(budget.take(), true);
  }
  assert.equal(counted, 1);
});

test("what may overdraw goes so far into what is kept back, and no further", () => {
  const clock = new FakeClock();
  const open = () => {
    clock.stall(1);
    return 79;
  };
  const budget = new DescriptorBudget(descriptorShare(100, 20), { open, clock });
  assert.deepEqual(
    [0, 0, 2, 2, 2].map((overdraft) => budget.take(overdraft)),
    [true, false, true, true, false],
  );
});
