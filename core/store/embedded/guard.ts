import { spawn } from "node:child_process";
import { Socket } from "node:net";

interface Guarded {
  readonly pid: number;
  /** A file that the process removes at its end. */
  readonly pidFile: string;
  /** Directories to remove once the process has ended. */
  readonly remove: readonly (string | undefined)[];
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Ends a process when this one dies, however it dies: a shell reads a pipe whose other end only this process holds. A word on
 * the pipe means that the guarded process has ended by itself; the end of the pipe means that this process has.
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

/** Starts guarding a process; the result stops the guard, and is to be called once the process has ended. */
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
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  shell.stdin?.on("error", () => {}); // The shell has ended: there is nobody left to write to.
  return () => shell.stdin?.end("ended\n");
}
