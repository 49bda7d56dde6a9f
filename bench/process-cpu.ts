import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Ticks in which Linux counts CPU time; the same on every architecture that Node runs on, but asked for all the same. */
let ticksPerSecond: number | undefined;

/**
 * CPU seconds of a process, its children that run and those that have ended: what a PostgreSQL has used, from its
 * postmaster's id. Undefined where there is no /proc.
 */
export function processTreeCpuSeconds(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const root = readStat(pid);
  if (!root) return undefined;
  let ticks = root.own + root.reaped;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(Number(entry));
    if (stat?.parent === pid) ticks += stat.own + stat.reaped;
  }
  return ticks / ticksPerSecond;
}

/** From /proc/pid/stat, proc(5): parent, user and system time, and those of children that were waited for. */
function readStat(pid: number): { parent: number; own: number; reaped: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const field = (number: number) => Number(fields[number - 3]);
    return { parent: field(4), own: field(14) + field(15), reaped: field(16) + field(17) };
  } catch {
    return undefined; // It has ended meanwhile.
  }
}
