/** The CPU seconds in an answer of `process.cpuUsage()`: those of the program, and those of the kernel for it. */
export function cpuSecondsOf({ user, system }: Pick<NodeJS.CpuUsage, "user" | "system">): number {
  return (user + system) / 1e6;
}

/** CPU seconds that this process has used so far, in all of its threads. */
export const ownCpuSeconds = () => cpuSecondsOf(process.cpuUsage());
