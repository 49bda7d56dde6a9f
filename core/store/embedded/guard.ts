import { spawn } from "node:child_process";
import type { Socket } from "node:net";

interface Guarded {
  readonly pid: number;
  /** Exists as long as the process has not ended in good order. */
  readonly pidFile: string;
  /** Directories to remove once the process has ended. */
  readonly remove: readonly (string | undefined)[];
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Ends a process when this one dies, however it dies: a shell waits on a pipe whose other end only this process holds. A
 * word on the pipe says that the guarded process has ended by itself; the end of the pipe says that we have.
 */
const script = `
  pid=$1; file=$2; shift 2
  if read -r word; then exit 0; fi
  kill -INT "$pid" 2>/dev/null
  tries=0
  while [ -e "$file" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -QUIT "$pid" 2>/dev/null
  [ $# -eq 0 ] || rm -rf -- "$@"
`;

/** Starts guarding; the result stops it, once the guarded process has ended. */
export function guard({ pid, pidFile, remove, ids }: Guarded): () => void {
  if (process.platform === "win32") return () => {};
  const directories = remove.filter((directory) => directory !== undefined);
  const shell = spawn("sh", ["-c", script, "sh", String(pid), pidFile, ...directories], {
    ...ids,
    detached: true,
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore"],
  });
  shell.unref();
  (shell.stdin as Socket).unref();
  shell.stdin?.on("error", () => {}); // It has gone already: nothing left to tell it.
  return () => shell.stdin?.end("ended\n");
}
