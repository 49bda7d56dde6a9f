import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, suite, test } from "node:test";
import { processTreeCpuSeconds, processUsage } from "./process-usage.ts";

const proc = mkdtempSync(path.join(tmpdir(), "process-usage-test-"));
after(() => rmSync(proc, { recursive: true, force: true }));
const skip = process.platform === "linux" ? false : "there is no /proc";

/** A process as proc(5) shows it: the fields after its name begin with the third, its state. */
function processes(...of: readonly (readonly [pid: number, name: string, parent: number, ticks: string])[]): void {
  for (const [pid, name, parent, ticks] of of) {
    mkdirSync(path.join(proc, String(pid)), { recursive: true });
    const stat = `${pid} (${name}) S ${parent} 1 1 0 -1 4194304 9 9 9 9 ${ticks} 20 0 4 0 7777 123456789 50 18446744073709551615\n`;
    writeFileSync(path.join(proc, String(pid), "stat"), stat);
  }
}

suite("what processes use, as the system counts it", { skip }, () => {
  const ticks = skip ? 1 : Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const page = skip ? 1 : Number(execFileSync("getconf", ["PAGESIZE"], { encoding: "utf8" }));

  test("a process's CPU seconds are its own, of the program and of the kernel, whatever its name; its memory is what is resident", () => {
    processes([70, "tricky) R 1 (name", 1, `${3 * ticks} ${ticks} ${100 * ticks} ${100 * ticks}`]);
    assert.deepEqual(processUsage(70, proc), { cpuSeconds: 4, residentBytes: 50 * page });
    assert.equal(processUsage(71, proc), undefined);
  });

  test("PostgreSQL's CPU seconds are its postmaster's and its children's, those that have ended included, and nobody else's", () => {
    processes(
      [100, "postgres", 1, `${ticks} ${ticks} ${10 * ticks} ${20 * ticks}`],
      [101, "postgres", 100, `${100 * ticks} ${200 * ticks} 0 ${5 * ticks}`],
      [102, "postgres", 100, `${1000 * ticks} 0 0 0`],
      [103, "a program", 1, `${7777 * ticks} 0 0 0`],
      [104, "of a child", 101, `${7777 * ticks} 0 0 0`],
    );
    assert.equal(processTreeCpuSeconds(100, proc), 2 + 30 + 305 + 1000);
    assert.equal(processTreeCpuSeconds(999, proc), undefined);
  });

  test("this process can be read", () => {
    const usage = processUsage(process.pid);
    assert.ok(usage && usage.cpuSeconds > 0 && usage.residentBytes > 0);
  });
});
