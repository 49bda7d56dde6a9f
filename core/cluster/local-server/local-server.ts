import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Cancel, type Clock, sleep } from "../../platform/clock.ts";
import { wholeNumber } from "../../platform/decimal.ts";
import { Failure, messageOf } from "../../platform/failure.ts";
import { canEnter, postgresUser } from "../../store/embedded/run-as.ts";

const startMsMax = 90_000;
const lookMs = 200;
const touchPeriodMsMax = 5000;
/** Another one is on its way up, or down: whoever comes later waits for that. */
const passing = /^(port_in_use|data_directory_in_use): /m;

export interface LocalServerPlace {
  /** Of the database, and the server's log. */
  readonly directory: string;
  readonly port: number;
  readonly unusedSeconds: number;
}

export interface LocalServerParts {
  /** The command line's file: `serve` is run from it. */
  readonly program: string;
  /** Whether a deployment answers at this address. */
  answers(address: string): Promise<boolean>;
  readonly clock: Clock;
}

/** Beside the profiles, unless the user that PostgreSQL runs as cannot get there, as it cannot to root's. */
export function localServerPlace(profiles: string, port: number, unusedSeconds: number): LocalServerPlace {
  const beside = path.dirname(path.resolve(profiles));
  inPlace(beside, () => mkdirSync(beside, { recursive: true }));
  const directory = canEnter(beside, postgresUser()) ? path.join(beside, "server") : "/var/tmp/fastchat-server";
  return { directory, port, unusedSeconds };
}

export const addressOf = ({ port }: LocalServerPlace) => `127.0.0.1:${port}`;

/**
 * Makes sure that this machine's server runs as long as this program does, and a little longer, so that whoever else chats
 * on it goes on: it is a process of its own, which ends by itself when nobody has used it for a while. The result lets go.
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
  // In a directory that others may write to, somebody may have been there first.
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
  // Often enough that a program which is held up for a while is not taken for one that has ended.
  const cancel = parts.clock.every(Math.min(touchPeriodMsMax, (place.unusedSeconds * 1000) / 4), () => {
    try {
      touch();
    } catch {
      // The directory has gone, or the disk is full. At worst the server ends while it is used, which the chat shows.
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

/** Does something with the server's files; what the system refuses is a failure that says where. */
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
  let letGo: Cancel | undefined;
  try {
    while (!(await answers(addressOf(place)))) {
      const said = starting?.hasEnded ? starting.log() : "";
      const isOver = signal.aborted || clock.monotonic() > deadline;
      if (isOver || (starting?.hasEnded && !passing.test(said))) throw notStarted(place, said);
      letGo ??= inPlace(place.directory, () => claimStart(place.directory));
      if (letGo && (!starting || starting.hasEnded))
        starting = inPlace(place.directory, () => start(program, place, inUse));
      await sleep(clock, lookMs, signal);
    }
  } finally {
    letGo?.();
  }
}

function notStarted({ directory }: LocalServerPlace, said: string): Failure {
  const lines = said.trim().split("\n").slice(-2);
  const [why, advice = `see ${directory}, or name another with --server`] = lines;
  const happened = `this machine's own server has not started: ${why || "it does not answer"}`;
  return new Failure("local_server_failed", happened, advice);
}

/** One program at a time starts a server: undefined while another one that is alive does. */
function claimStart(directory: string): Cancel | undefined {
  const claim = path.join(directory, "starting");
  try {
    writeFileSync(claim, String(process.pid), { flag: "wx" });
    return () => rmSync(claim, { force: true });
  } catch (cause) {
    if (!hasCode(cause, "EEXIST")) throw cause;
    if (!isAlive(claim)) rmSync(claim, { force: true });
    return undefined;
  }
}

const hasCode = (cause: unknown, code: string) => cause instanceof Error && "code" in cause && cause.code === code;

function isAlive(claim: string): boolean {
  try {
    const text = readFileSync(claim, "utf8");
    if (text === "") return true; // It is being written.
    const pid = wholeNumber(text);
    return pid !== undefined && pid > 0 && process.kill(pid, 0);
  } catch (cause) {
    // Of another user, it is alive, too.
    return hasCode(cause, "EPERM");
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
    // Of its own session: what ends this terminal does not end it.
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
