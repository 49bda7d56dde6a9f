import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Cancel, type Clock, sleep } from "../../platform/clock.ts";
import { wholeNumber } from "../../platform/decimal.ts";
import { codeOf, Failure, messageOf } from "../../platform/failure.ts";
import { isRunning } from "../../store/embedded/processes.ts";
import { canEnter, postgresUser } from "../../store/embedded/run-as.ts";

const startMsMax = 90_000;
const lookMs = 200;
const touchPeriodMsMax = 5000;
/** These failures are temporary: another server is just starting or stopping, and the caller waits for it. */
const temporary = /^(port_in_use|data_directory_in_use): /m;

export interface LocalServerPlace {
  /** Holds the database and the server's log. */
  readonly directory: string;
  readonly port: number;
  readonly unusedSeconds: number;
}

export interface LocalServerParts {
  /** The file of the command line, whose `serve` is run. */
  readonly program: string;
  /** Whether a deployment answers at this address. */
  answers(address: string): Promise<boolean>;
  readonly clock: Clock;
}

/** The server's place: beside the profiles, unless PostgreSQL's user cannot get there, as it cannot get to root's. */
export function localServerPlace(profiles: string, port: number, unusedSeconds: number): LocalServerPlace {
  const beside = path.dirname(path.resolve(profiles));
  inPlace(beside, () => mkdirSync(beside, { recursive: true }));
  const directory = canEnter(beside, postgresUser()) ? path.join(beside, "server") : "/var/tmp/fastchat-server";
  return { directory, port, unusedSeconds };
}

export const addressOf = ({ port }: LocalServerPlace) => `127.0.0.1:${port}`;

/**
 * Makes sure that this machine's own server runs as long as this program needs it. The server is a process of its own, which
 * ends by itself when no program has used it for a while; other chats go on when this program ends. The result says that this
 * one needs it no more.
 *
 * Several chats may begin at the same time: one of them starts the server, and all use it.
 */
export async function useLocalServer(
  place: LocalServerPlace,
  parts: LocalServerParts,
  signal: AbortSignal,
): Promise<Cancel> {
  const { directory } = place;
  inPlace(directory, () => mkdirSync(directory, { recursive: true }));
  // In a directory that everybody may write to, such as /var/tmp, another user may have made this one.
  if (process.getuid && statSync(directory).uid !== process.getuid()) {
    throw new Failure("local_server_failed", `${directory} is somebody else's`, "remove it, or name a --server");
  }
  const inUse = path.join(directory, "in-use");
  const touch = () => {
    writeFileSync(inUse, "", { flag: "a" });
    const nowSeconds = parts.clock.now() / 1000;
    utimesSync(inUse, nowSeconds, nowSeconds);
  };
  inPlace(directory, touch);
  // The file is touched so often that a program which is held up for a while does not seem to have ended.
  const cancel = parts.clock.every(Math.min(touchPeriodMsMax, (place.unusedSeconds * 1000) / 4), () => {
    try {
      touch();
    } catch {
      // The directory is gone, or the disk is full. At worst the server ends while it is used, and the chat shows that.
    }
  });
  try {
    await untilItAnswers(place, parts, inUse, signal);
    return cancel;
  } catch (cause) {
    cancel();
    throw cause;
  }
}

/** Does something with the server's files; an error of the system becomes a failure that names the directory. */
function inPlace<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new Failure(
      "local_server_failed",
      `this machine's own server cannot keep its files in ${directory}: ${messageOf(cause)}`,
      "make it a directory that you may write to, or name another server with --server",
      cause,
    );
  }
}

async function untilItAnswers(
  place: LocalServerPlace,
  { answers, program, clock }: LocalServerParts,
  inUse: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = clock.monotonic() + startMsMax;
  let starting: { hasEnded: boolean; readonly log: () => string } | undefined;
  let releaseClaim: Cancel | undefined;
  try {
    while (!(await answers(addressOf(place)))) {
      const said = starting?.hasEnded ? starting.log() : "";
      const isOver = signal.aborted || clock.monotonic() > deadline;
      if (isOver || (starting?.hasEnded && !temporary.test(said))) throw notStarted(place, said);
      releaseClaim ??= inPlace(place.directory, () => claimStart(place.directory));
      if (releaseClaim && (!starting || starting.hasEnded))
        starting = inPlace(place.directory, () => start(program, place, inUse));
      await sleep(clock, lookMs, signal);
    }
  } finally {
    releaseClaim?.();
  }
}

function notStarted({ directory }: LocalServerPlace, said: string): Failure {
  const lines = said.trim().split("\n").slice(-2);
  const [why, advice = `see ${directory}, or name another with --server`] = lines;
  const happened = `this machine's own server has not started: ${why || "it does not answer"}`;
  return new Failure("local_server_failed", happened, advice);
}

/**
 * Claims the start of the server, which one program does at a time; undefined while another program that is alive has the
 * claim.
 */
function claimStart(directory: string): Cancel | undefined {
  const claim = path.join(directory, "starting");
  try {
    writeFileSync(claim, String(process.pid), { flag: "wx" });
    return () => rmSync(claim, { force: true });
  } catch (cause) {
    if (codeOf(cause) !== "EEXIST") throw cause;
    if (!isHeld(claim)) rmSync(claim, { force: true });
    return undefined;
  }
}

/** Whether the program that made the claim is alive. */
function isHeld(claim: string): boolean {
  try {
    const text = readFileSync(claim, "utf8");
    if (text === "") return true; // The other program is just writing it.
    const pid = wholeNumber(text);
    return pid !== undefined && pid > 0 && isRunning(pid);
  } catch (cause) {
    // A claim that this user may not read is another user's.
    return codeOf(cause) === "EPERM";
  }
}

function start(program: string, { directory, port, unusedSeconds }: LocalServerPlace, inUse: string) {
  const logFile = path.join(directory, "server.log");
  const output = openSync(logFile, "w", 0o600);
  const settings = {
    host: "127.0.0.1",
    port,
    "data-dir": path.join(directory, "data"),
    "while-used": inUse,
    "unused-seconds": unusedSeconds,
    "log-level": "warn",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [program, "serve", ...flags], {
    cwd: directory,
    // In a session of its own, so that it lives on when this terminal is closed.
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const starting = { hasEnded: false, log: () => readFileSync(logFile, "utf8") };
  const ended = () => {
    starting.hasEnded = true;
  };
  child.once("exit", ended).once("error", ended);
  child.unref();
  return starting;
}
