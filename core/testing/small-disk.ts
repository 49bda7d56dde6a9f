import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { writablePlace } from "../store/embedded/place.ts";

/** A small file system in memory, which a test may fill. Only root can mount one, and not everywhere. */
export class SmallDisk {
  readonly directory: string;

  constructor(megabytes: number) {
    this.directory = mkdtempSync(path.join(writablePlace(), "small-disk-"));
    const mounted = mount("-t", "tmpfs", "-o", `size=${megabytes}m,mode=755`, "tmpfs", this.directory);
    if (!mounted) throw new Error(`nothing can be mounted at ${this.directory}`);
    chmodSync(this.directory, 0o755);
  }

  makeReadOnly(): void {
    if (!mount("-o", "remount,ro", this.directory))
      throw new Error(`${this.directory} cannot be mounted read-only: a process still writes there`);
  }

  remove(): void {
    spawnSync("umount", [this.directory]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Why tests that need a {@link SmallDisk} are skipped; false when they are not. */
export const cannotMount: string | false = canMount() ? false : "needs the right to mount";

function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  try {
    new SmallDisk(1).remove();
    return true;
  } catch {
    return false;
  }
}

function mount(...args: string[]): boolean {
  return spawnSync("mount", args).status === 0;
}
