import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The units that Linux counts in, by name; read with `getconf` once each, since a few machines have others. */
const counted = new Map<string, number>();

function unit(name: "CLK_TCK" | "PAGESIZE"): number {
  let value = counted.get(name);
  if (value === undefined) {
    value = Number(execFileSync("getconf", [name], { encoding: "utf8" }));
    counted.set(name, value);
  }
  return value;
}

/**
 * CPU seconds and memory of a process, read from outside: the process itself may be too busy to answer in time. Undefined where
 * there is no /proc.
 */
export function processUsage(pid: number, proc = "/proc"): { cpuSeconds: number; residentBytes: number } | undefined {
  const stat = process.platform === "linux" ? readStat(pid, proc) : undefined;
  return stat && { cpuSeconds: stat.own / unit("CLK_TCK"), residentBytes: stat.residentPages * unit("PAGESIZE") };
}

/**
 * CPU seconds of a process and its children, those that have ended included: for a postmaster's id, all that its PostgreSQL has
 * used. Undefined where there is no /proc.
 */
export function processTreeCpuSeconds(pid: number, proc = "/proc"): number | undefined {
  if (process.platform !== "linux") return undefined;
  const root = readStat(pid, proc);
  if (!root) return undefined;
  let ticks = root.own + root.reaped;
  for (const entry of readdirSync(proc)) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(Number(entry), proc);
    if (stat?.parent === pid) ticks += stat.own + stat.reaped;
  }
  return ticks / unit("CLK_TCK");
}

interface Stat {
  readonly parent: number;
  /** Ticks of the process itself. */
  readonly own: number;
  /** Ticks of its children that ended and were waited for. */
  readonly reaped: number;
  readonly residentPages: number;
}

/** From /proc/pid/stat, proc(5). */
function readStat(pid: number, proc: string): Stat | undefined {
  try {
    const text = readFileSync(`${proc}/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const field = (number: number) => Number(fields[number - 3]);
    return { parent: field(4), own: field(14) + field(15), reaped: field(16) + field(17), residentPages: field(24) };
  } catch {
    return undefined; // It has ended meanwhile.
  }
}
