import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { after } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { until } from "./until.ts";

export interface StartedCommand {
  readonly child: ChildProcessWithoutNullStreams;
  readonly out: () => string;
  readonly err: () => string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface EndedCommand {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
}

const program = path.join(projectRoot, "dist", "bin", "fastchat.js");

const running: ChildProcess[] = [];
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** `fastchat` with these arguments; it ends with the test file, or before. */
export function startCommand(
  args: readonly string[],
  {
    cwd,
    environment = {},
    descriptorsMax,
  }: {
    readonly cwd: string;
    readonly environment?: Readonly<Record<string, string>>;
    /** What it may have open at once, files and sockets together; as much as the test without. */
    readonly descriptorsMax?: number;
  },
): StartedCommand {
  const command = [process.execPath, program, ...args];
  const [file = "", ...rest] =
    descriptorsMax === undefined ? command : ["sh", "-c", `ulimit -n ${descriptorsMax} && exec "$@"`, "sh", ...command];
  const child = spawn(file, rest, { cwd, env: { ...process.env, ...environment } });
  running.push(child);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  return { child, out: () => out, err: () => err, ended };
}

export async function endOf(started: StartedCommand, input?: string): Promise<EndedCommand> {
  if (input !== undefined) started.child.stdin.end(input);
  return { code: await started.ended, out: started.out(), err: started.err() };
}

/** Resolves when `fastchat serve` takes clients, with the `host:port` that it says; fails at once when it has ended instead. */
export async function untilItServes({ out, err, ended }: StartedCommand): Promise<string> {
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  await until(() => hasEnded || out().includes("Ctrl-C stops it"), "it serves");
  const address = /serves at wss?:\/\/([^/]+)\//.exec(out())?.[1];
  if (hasEnded || address === undefined) throw new Error(`it has ended: ${err()}`);
  return address;
}
