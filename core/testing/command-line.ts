import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import path from "node:path";
import { after } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { present } from "./present.ts";
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

/** Starts `fastchat` with these arguments; it is killed when the test file ends. */
export function startCommand(
  args: readonly string[],
  {
    cwd,
    environment = {},
    descriptorsMax,
  }: {
    readonly cwd: string;
    readonly environment?: Readonly<Record<string, string>>;
    /** How many files and sockets it may have open at once; without, as many as the test. */
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
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(present(code ?? signal, "an exit code or a signal")));
  });
  return { child, out: () => out, err: () => err, ended };
}

export async function endOf(started: StartedCommand, input?: string): Promise<EndedCommand> {
  if (input !== undefined) started.child.stdin.end(input);
  return { code: await started.ended, out: started.out(), err: started.err() };
}

/** Resolves with the printed `host:port` when `fastchat serve` takes clients; fails as soon as the command has ended instead. */
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
