import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cancel, sleep, systemClock } from "../../platform/clock.ts";
import { wholeNumber } from "../../platform/decimal.ts";
import { Failure, messageOf } from "../../platform/failure.ts";
import { freePort } from "../../platform/free-port.ts";
import type { Log } from "../../platform/log.ts";
import { findBinaries, type PostgresBinaries } from "./binaries.ts";
import { guard } from "./guard.ts";
import { canUse, postgresUser, type RunAs } from "./run-as.ts";

export interface EmbeddedPostgresOptions {
  /** Holds the data, the password and nothing else; made if missing. */
  readonly directory: string;
  /** Removed again when the server stops, or when whoever started it dies. */
  readonly ephemeral: boolean;
  readonly log: Log;
  /** Ends a start that is under way, which then fails with `interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

const userName = "fastchat";
const startMsMax = 30_000;
const stopMsMax = 20_000;
const startAttemptsMax = 10;
const restartDelayMs = 500;

/**
 * A real PostgreSQL as a child process, with every commit on disk before it is answered (`fsync` and
 * `synchronous_commit` on).
 *
 * It is in a session of its own, and so is `initdb`, so that Ctrl-C in a terminal reaches the programs that use it first; a
 * guard ends either if its parent dies without a word. Local programs reach it by a Unix socket, which costs a third less
 * than loopback TCP.
 */
export class EmbeddedPostgres {
  readonly #options: EmbeddedPostgresOptions;
  readonly #binaries: PostgresBinaries;
  readonly #runAs: RunAs | undefined;
  readonly #password: string;
  readonly #socketDirectory: string | undefined;
  #port = 0;
  #process: ChildProcess | undefined;
  /** Ends by our own will: it is not to be started again. */
  #stopping = false;
  #cancelRestart: Cancel | undefined;

  private constructor(
    options: EmbeddedPostgresOptions,
    binaries: PostgresBinaries,
    runAs: RunAs | undefined,
    password: string,
  ) {
    this.#options = options;
    this.#binaries = binaries;
    this.#runAs = runAs;
    this.#password = password;
    if (process.platform !== "win32") {
      // Not under the data: a socket's path has at most 107 bytes.
      this.#socketDirectory = makeSocketDirectory(runAs);
    }
  }

  /** Prepares the directory if it is new, starts the server and waits until it accepts connections. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const runAs = postgresUser();
    const binaries = await findBinaries(runAs);
    prepareDirectory(options.directory, runAs);
    let server: EmbeddedPostgres | undefined;
    try {
      const password = await initialise(options, binaries, runAs);
      server = new EmbeddedPostgres(options, binaries, runAs, password);
      await server.#startOnFreePort();
      return server;
    } catch (cause) {
      if (server) server.#removeLeftovers();
      else if (options.ephemeral) rmSync(options.directory, { recursive: true, force: true });
      throw cause;
    }
  }

  /** Where to connect; the path names the database. */
  url(database = "postgres"): string {
    const host = this.#socketDirectory ? encodeURIComponent(this.#socketDirectory) : "127.0.0.1";
    return `postgres://${userName}:${this.#password}@${host}:${this.#port}/${database}`;
  }

  /** The postmaster's process id; its children are the sessions. Undefined when it is not running. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get port(): number {
    return this.#port;
  }

  /** Ends sessions, writes a checkpoint, stops. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart?.();
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGINT");
      const giveUp = systemClock.after(stopMsMax, () => child.kill("SIGQUIT"));
      await exited;
      giveUp();
    }
    this.#removeLeftovers();
  }

  /** Pulls the plug, as a crash would, until {@link restart}. For tests of what survives it. */
  async kill(): Promise<void> {
    this.#stopping = true;
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    const sessions = childrenOf(child.pid as number);
    child.kill("SIGKILL");
    // They would notice, but not before they have committed what they are at.
    for (const session of sessions) killIfThere(session);
    await exited;
  }

  /** Starts again on the same port after {@link kill}. */
  async restart(): Promise<void> {
    this.#stopping = false;
    for (let attempt = 1; ; attempt++) {
      try {
        // Sessions of the dead server hold its shared memory until they notice.
        return await this.#startOn(this.#port);
      } catch (cause) {
        if (attempt === startAttemptsMax) throw cause;
        await sleep(systemClock, 300);
      }
    }
  }

  async #startOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#startOn(await freePort());
      } catch (cause) {
        const portTaken = messageOf(cause).includes("could not bind");
        if (!portTaken || attempt === startAttemptsMax) throw cause;
      }
    }
  }

  async #startOn(port: number): Promise<void> {
    this.#port = port;
    const { log, directory, ephemeral } = this.#options;
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: this.#socketDirectory ?? "",
      fsync: "on",
      synchronous_commit: "on",
      max_connections: "200",
      max_wal_size: "2GB",
      jit: "off",
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(this.#binaries.postgres, ["-D", dataDirectory(directory), "-p", String(port), ...flags], {
      ...this.#runAs?.ids,
      cwd: directory,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" },
    });
    this.#process = child;
    const output = await untilReady(child, this.#options.signal);
    const stopGuarding = guard({
      pid: child.pid as number,
      pidFile: path.join(dataDirectory(directory), "postmaster.pid"),
      remove: [ephemeral ? directory : undefined, this.#socketDirectory],
      ids: this.#runAs?.ids,
    });
    child.stderr?.on("data", (chunk: Buffer) => log.debug({ postgres: chunk.toString().trimEnd() }, "postgres says"));
    child.once("exit", (code, signal) => {
      stopGuarding();
      if (this.#stopping) return;
      log.error({ code, signal, output }, "PostgreSQL has ended unexpectedly; starting it again");
      this.#cancelRestart = systemClock.after(restartDelayMs, () => void this.#startAgain());
    });
    log.debug({ pid: child.pid, port, directory }, "PostgreSQL is ready");
  }

  async #startAgain(): Promise<void> {
    try {
      await this.restart();
      this.#options.log.info("PostgreSQL is back");
    } catch (cause) {
      this.#options.log.error({ cause: messageOf(cause) }, "PostgreSQL cannot be started again; trying once more");
      if (!this.#stopping) this.#cancelRestart = systemClock.after(restartDelayMs * 10, () => void this.#startAgain());
    }
  }

  #removeLeftovers(): void {
    if (this.#socketDirectory) rmSync(this.#socketDirectory, { recursive: true, force: true });
    if (this.#options.ephemeral) rmSync(this.#options.directory, { recursive: true, force: true });
  }
}

/** The processes that a process has started and that are still there; none where the system does not tell. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number) : [];
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

function makeSocketDirectory(runAs: RunAs | undefined): string {
  try {
    const directory = mkdtempSync(path.join(tmpdir(), "fastchat-pg-"));
    if (runAs) chownSync(directory, runAs.ids.uid, runAs.ids.gid);
    return directory;
  } catch (cause) {
    throw new Failure(
      "temporary_directory_unusable",
      `no directory for PostgreSQL's socket can be made in ${tmpdir()}: ${messageOf(cause)}`,
      "set TMPDIR to a directory that you may write to",
      cause,
    );
  }
}

const dataDirectory = (directory: string) => path.join(directory, "data");

function prepareDirectory(directory: string, runAs: RunAs | undefined): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (runAs) chownSync(directory, runAs.ids.uid, runAs.ids.gid);
  } catch (cause) {
    throw new Failure(
      "data_directory_unusable",
      `the data directory ${directory} cannot be made: ${messageOf(cause)}`,
      "name a directory that you may write to with --data-dir, or another PostgreSQL with --database",
      cause,
    );
  }
  if (canUse(directory, runAs)) return;
  throw new Failure(
    "data_directory_unreachable",
    `the user ${runAs?.name ?? "that runs this"} cannot write to ${directory}`,
    runAs
      ? `root's PostgreSQL runs as ${runAs.name}: name a directory below one that everybody may enter with --data-dir, such as /var/lib/fastchat`
      : "name a directory that you may write to with --data-dir",
  );
}

/** The superuser's password: made with the data, kept beside it. */
async function initialise(
  options: EmbeddedPostgresOptions,
  { initdb }: PostgresBinaries,
  runAs: RunAs | undefined,
): Promise<string> {
  const { directory, signal } = options;
  const data = dataDirectory(directory);
  const passwordFile = path.join(directory, "password");
  if (existsSync(data)) return readPassword(passwordFile);
  removeUnfinished(directory);
  // Made under another name: a start that is cut off leaves nothing that looks like a database.
  const unfinished = `${data}${unfinishedInfix}${process.pid}`;
  const password = randomBytes(24).toString("base64url");
  try {
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (runAs) chownSync(passwordFile, runAs.ids.uid, runAs.ids.gid);
    await runInitdb(initdb, { ...options, unfinished, passwordFile, runAs });
    renameSync(unfinished, data);
    return password;
  } catch (cause) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(data)) rmSync(passwordFile, { force: true });
    if (signal?.aborted) throw interrupted();
    throw new Failure(
      "database_cannot_be_made",
      `the database in ${directory} cannot be made: ${messageOf(cause)}`,
      "mend what it says (is the disk full or read-only?), or name another directory with --data-dir",
      cause,
    );
  }
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Failure(
      "database_password_unreadable",
      `the password of the database cannot be read: ${messageOf(cause)}`,
      "bring the file back from where the data directory was copied or restored from, or name another directory with --data-dir",
      cause,
    );
  }
}

const unfinishedInfix = ".new-";

/** What starts that ended without a word have left behind; one that goes on in another process keeps its own. */
function removeUnfinished(directory: string): void {
  const prefix = `${path.basename(dataDirectory(directory))}${unfinishedInfix}`;
  for (const entry of readdirSync(directory)) {
    const pid = entry.startsWith(prefix) ? wholeNumber(entry.slice(prefix.length)) : undefined;
    if (pid === undefined || (pid !== process.pid && isRunning(pid))) continue;
    // What initdb had started may write for a moment after its end.
    rmSync(path.join(directory, entry), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    // Of another user, it is there, too.
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

interface InitdbOptions extends EmbeddedPostgresOptions {
  readonly unfinished: string;
  readonly passwordFile: string;
  readonly runAs: RunAs | undefined;
}

/** Fails with what initdb said. */
async function runInitdb(initdb: string, options: InitdbOptions): Promise<void> {
  const { directory, unfinished, passwordFile, ephemeral, runAs, signal } = options;
  const args = [
    `--pgdata=${unfinished}`,
    `--username=${userName}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-locale",
    ...(ephemeral ? ["--no-sync"] : []),
  ];
  if (signal?.aborted) throw interrupted();
  const child = spawn(initdb, args, {
    ...runAs?.ids,
    cwd: directory,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  // Nothing that it has made is of use: it need not end in good order, and its own children do not outlive it.
  const kill = () => killGroup(child);
  const closed = once(child, "close");
  const stopGuarding =
    child.pid === undefined
      ? undefined
      : guard({ pid: child.pid, pidFile: unfinished, remove: [ephemeral ? directory : unfinished], ids: runAs?.ids });
  signal?.addEventListener("abort", kill, { once: true });
  try {
    const [code, killedBy] = (await closed) as [number | null, NodeJS.Signals | null];
    if (code !== 0) throw new Error(`initdb ended with ${killedBy ?? code}: ${said.trim()}`);
  } finally {
    signal?.removeEventListener("abort", kill);
    stopGuarding?.();
  }
}

function killGroup(child: ChildProcess): void {
  if (process.platform === "win32") child.kill("SIGKILL");
  else if (child.pid !== undefined) killIfThere(-child.pid);
}

const interrupted = () => new Failure("interrupted", "the start of PostgreSQL was stopped", "start it again");

/** What the server printed until it was ready; fails when it ends first. */
function untilReady(child: ChildProcess, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const giveUp = systemClock.after(startMsMax, () => child.kill("SIGQUIT"));
    const stop = () => child.kill("SIGINT");
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
    const settle = () => {
      giveUp();
      signal?.removeEventListener("abort", stop);
      child.stderr?.off("data", read);
      child.off("exit", ended).off("error", failed);
    };
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes("database system is ready to accept connections")) return;
      settle();
      resolve(output);
    };
    const failed = (cause: Error) => {
      settle();
      reject(new Failure("postgres_cannot_start", cause.message, "run npm ci again", cause));
    };
    const ended = () => {
      settle();
      if (signal?.aborted) return reject(interrupted());
      const inUse = output.includes("postmaster.pid");
      reject(
        new Failure(
          inUse ? "data_directory_in_use" : "postgres_cannot_start",
          `PostgreSQL did not start: ${output.trim()}`,
          inUse ? "another fastchat runs on this data directory: stop it, or name another one" : "mend what it says",
        ),
      );
    };
    child.stderr?.on("data", read);
    child.once("exit", ended).once("error", failed);
  });
}
