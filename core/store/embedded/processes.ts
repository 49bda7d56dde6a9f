import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { codeOf } from "../../platform/failure.ts";

/** The id of a process that has started. */
export function pidOf({ pid, spawnfile }: ChildProcess): number {
  if (pid === undefined) throw new Error(`${spawnfile} has not started`);
  return pid;
}

/** The children of a process that run; none where the system does not show them. */
export function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number) : [];
}

/** Kills a process, or a group of processes by its negative id; one that has ended already is no error. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (cause) {
    if (codeOf(cause) !== "ESRCH") throw cause;
  }
}

/** Kills a process with its own children, when it was started as the first of a group. */
export function killGroup(child: ChildProcess): void {
  if (process.platform === "win32") child.kill("SIGKILL");
  else if (child.pid !== undefined) killIfThere(-child.pid);
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    // The process of another user runs, too.
    return codeOf(cause) === "EPERM";
  }
}
