import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { until } from "../../core/testing/until.ts";
import { busySecondsOf, cpuLimitCores, othersBetween, parseProcStat, readMachine } from "./machine-load.ts";

const scratch = mkdtempSync(path.join(os.tmpdir(), "machine-load-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A root directory with these files in it. */
function rootWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(path.join(scratch, "root-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
  return root;
}

test("the kernel's ticks are read as seconds of work and seconds stolen by the host; waiting is neither", () => {
  const text = "cpu  100 20 30 4000 50 6 7 800 9 0\ncpu0 1 1 1 1 1 1 1 1 0 0\nintr 5\n";
  assert.deepEqual(parseProcStat(text), { busySeconds: 1.63, stolenSeconds: 8 });
  assert.deepEqual(parseProcStat("cpu  1 2 3 4 5 6 7 8"), { busySeconds: 0.19, stolenSeconds: 0.08 });
  for (const broken of [
    "",
    "mycpu  1 2 3 4 5 6 7 8\n",
    "cpu0 1 2 3 4 5 6 7 8\n",
    "cpu  1 2 3\n",
    "cpu  1 2 x 4 5 6 7 8\n",
  ])
    assert.equal(parseProcStat(broken), undefined, broken);
});

test("the load of others is the busy time that is not ours, in cores", () => {
  const before = { atMs: 1000, busySeconds: 10, stolenSeconds: 1 };
  const later = { atMs: 3000, busySeconds: 13, stolenSeconds: 2 };
  assert.deepEqual(othersBetween(before, later, 2), { otherCpuCores: 0.5, stolenCpuCores: 0.5 });
  assert.deepEqual(othersBetween(before, later, 3.1), { otherCpuCores: 0, stolenCpuCores: 0.5 }, "never below nothing");
  assert.deepEqual(othersBetween(before, later, undefined), { otherCpuCores: null, stolenCpuCores: 0.5 });
  const unknown = { ...before, stolenSeconds: undefined };
  assert.equal(othersBetween(unknown, later, 2).stolenCpuCores, null);
  assert.equal(othersBetween(before, { ...later, stolenSeconds: undefined }, 2).stolenCpuCores, null);
  const nothing = { otherCpuCores: null, stolenCpuCores: null };
  assert.deepEqual(othersBetween(before, { ...later, atMs: before.atMs }, 2), nothing, "no time has passed");
});

test("where the kernel's file is not known, Node's times of the cores are added up", (t) => {
  const times = { user: 1000, nice: 200, sys: 30, idle: 9_000_000, irq: 4 };
  assert.equal(busySecondsOf([{ times }, { times: { ...times, user: 2000 } }]), 3.468);
  const byNode = readMachine("darwin");
  assert.equal(byNode.stolenSeconds, undefined);
  if (process.platform !== "linux") return t.diagnostic("there is no /proc/stat here to compare with");
  const byKernel = readMachine("linux");
  assert.notEqual(byKernel.stolenSeconds, undefined);
  // Node leaves out the interrupts' second half, and other programs run in between.
  const [least, most] = [byKernel.busySeconds / 2, byKernel.busySeconds * 2];
  assert.ok(
    least < byNode.busySeconds && byNode.busySeconds < most,
    `${byNode.busySeconds} of ${byKernel.busySeconds}`,
  );
});

test("this machine can be read, and its work counts up", async () => {
  const before = readMachine();
  await until(() => readMachine().busySeconds > before.busySeconds, "a program has used the CPU");
});

test("the tightest limit of a control group and all groups above it is found, in both versions", () => {
  const v2 = "0::/user/bench\n";
  for (const [files, cores] of [
    [{}, undefined],
    [{ "proc/self/cgroup": v2 }, undefined],
    [{ "proc/self/cgroup": v2, "sys/fs/cgroup/user/bench/cpu.max": "max 100000\n" }, undefined],
    [{ "proc/self/cgroup": v2, "sys/fs/cgroup/user/bench/cpu.max": "150000 100000\n" }, 1.5],
    [
      {
        "proc/self/cgroup": v2,
        "sys/fs/cgroup/user/bench/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/user/cpu.max": "50000 100000\n",
      },
      0.5,
    ],
    // Inside a container, the container's group is the root.
    [{ "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "200000 100000\n" }, 2],
    [
      {
        "proc/self/cgroup": "4:memory:/x\n1:cpu,cpuacct:/slow\n0::/\n",
        "sys/fs/cgroup/cpu/slow/cpu.cfs_quota_us": "50000\n",
        "sys/fs/cgroup/cpu/slow/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      },
      0.5,
    ],
    // Groups of other controllers may have the names of groups of this one, and are not its.
    [
      {
        "proc/self/cgroup": "11:memory:/small\n12:cpu:/large\n",
        "sys/fs/cgroup/cpu/small/cpu.cfs_quota_us": "50000\n",
        "sys/fs/cgroup/cpu/small/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/cpu/large/cpu.cfs_quota_us": "300000\n",
        "sys/fs/cgroup/cpu/large/cpu.cfs_period_us": "100000\n",
      },
      3,
    ],
    // A group outside of the container's, seen from inside.
    [{ "proc/self/cgroup": "0::/../beside\n", "sys/fs/cgroup/beside/cpu.max": "50000 100000\n" }, 0.5],
    [{ "proc/self/cgroup": "0::/user\n", "sys/fs/cgroup/user/cpu.max": "x 100000\n" }, undefined],
    [{ "proc/self/cgroup": "no line of this file\n0::/\n", "sys/fs/cgroup/cpu.max": "1000 1000\n" }, 1],
    [{ "proc/self/cgroup": "no 0::/user\n", "sys/fs/cgroup/user/cpu.max": "1000 1000\n" }, undefined],
    [{ "proc/self/cgroup": "0::/a:b\n", "sys/fs/cgroup/a:b/cpu.max": "1000 1000\n" }, 1],
    [{ "proc/self/cgroup": v2, "sys/fs/cgroup/user/bench/cpu.max": "0 100000\n" }, undefined],
  ] as const) {
    assert.equal(cpuLimitCores(rootWith(files)), cores, JSON.stringify(files));
  }
});
