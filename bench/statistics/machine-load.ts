import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { systemClock as clock } from "../../core/platform/clock.ts";

/** The CPU time that the whole machine has used since it was started. */
export interface MachineReading {
  readonly atMs: number;
  /** CPU seconds in which any program ran. */
  readonly busySeconds: number;
  /** CPU seconds that the host gave to other virtual machines; undefined where they cannot be read. */
  readonly stolenSeconds: number | undefined;
}

/** What others used of the machine, in cores: other programs, and other virtual machines of the same host. */
export interface OthersLoad {
  readonly otherCpuCores: number | null;
  readonly stolenCpuCores: number | null;
}

export function readMachine(platform = process.platform): MachineReading {
  const atMs = clock.monotonic();
  const kernel = platform === "linux" ? parseProcStat(readFileSync("/proc/stat", "latin1")) : undefined;
  return { atMs, ...(kernel ?? { busySeconds: busySecondsOf(os.cpus()), stolenSeconds: undefined }) };
}

/** `ownCpuSeconds`: what the measured programs and the load generator used between the readings; undefined if unknown. */
export function othersBetween(
  before: MachineReading,
  after: MachineReading,
  ownCpuSeconds: number | undefined,
): OthersLoad {
  const seconds = (after.atMs - before.atMs) / 1000;
  const cores = (cpuSeconds: number | undefined) =>
    cpuSeconds === undefined || seconds <= 0 ? null : Math.max(0, cpuSeconds / seconds);
  const stolenSeconds =
    before.stolenSeconds !== undefined && after.stolenSeconds !== undefined
      ? after.stolenSeconds - before.stolenSeconds
      : undefined;
  return {
    otherCpuCores: cores(
      ownCpuSeconds === undefined ? undefined : after.busySeconds - before.busySeconds - ownCpuSeconds,
    ),
    stolenCpuCores: cores(stolenSeconds),
  };
}

/** Ticks a second of /proc/stat: USER_HZ, 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** Parses /proc/stat (proc(5)), whose first line adds up all cores. `user` and `nice` include the time of guests. */
export function parseProcStat(text: string): Omit<MachineReading, "atMs"> | undefined {
  const fields = /^cpu +(.*)/m.exec(text)?.[1]?.split(" ").map(Number) ?? [];
  if (fields.length < 8 || fields.some(Number.isNaN)) return undefined;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = fields;
  return {
    busySeconds: (user + nice + system + irq + softIrq) / ticksPerSecond,
    stolenSeconds: steal / ticksPerSecond,
  };
}

/** What Node knows of the cores, which is the same on every platform. */
export function busySecondsOf(cores: readonly Pick<os.CpuInfo, "times">[]): number {
  return cores.reduce((sum, { times }) => sum + (times.user + times.nice + times.sys + times.irq) / 1000, 0);
}

/**
 * The limit that control groups set to this process's CPU time a second, in cores; undefined where they set none. The tightest
 * limit of the process's group and all groups above it counts (cgroups(7), both versions).
 */
export function cpuLimitCores(root = "/"): number | undefined {
  const read = (file: string) => {
    try {
      return readFileSync(path.join(root, file), "latin1");
    } catch {
      return undefined; // No such control group here, or none at all.
    }
  };
  const groups = (read("proc/self/cgroup") ?? "").matchAll(/^\d+:([^:\n]*):(.*)/gm);
  const limits = Array.from(groups).flatMap(([, controllers = "", group = ""]) => {
    if (controllers === "") {
      return levels(group).map((level) => quotaOf((read(`sys/fs/cgroup${level}/cpu.max`) ?? "").split(" ")));
    }
    if (!controllers.split(",").includes("cpu")) return [];
    return levels(group).map((level) => {
      const folder = `sys/fs/cgroup/cpu${level}`;
      return quotaOf([read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)]);
    });
  });
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** The paths of the root, whose path is empty, and of all groups down to this one. Inside a container, the container's is the root. */
function levels(group: string): string[] {
  const parts = group.split("/").filter((part) => part !== "..");
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

function quotaOf([quota, period]: readonly (string | undefined)[]): number | undefined {
  const cores = Number(quota) / Number(period);
  return cores > 0 ? cores : undefined;
}
