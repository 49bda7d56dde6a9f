import { readdirSync, readFileSync } from "node:fs";

/** Ids of the processes with one of these texts in their command line or environment; none where there is no /proc. */
export function leftoverProcesses(marks: readonly string[]): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").filter((entry) => {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return false;
    return marks.some((mark) => ["cmdline", "environ"].some((file) => read(`/proc/${entry}/${file}`).includes(mark)));
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // It has ended, or is another user's.
  }
}
