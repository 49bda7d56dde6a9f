import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cancel, sleep, systemClock } from "../../platform/clock.ts";
import { Failure, messageOf } from "../../platform/failure.ts";
import { freePort } from "../../platform/free-port.ts";
import type { Log } from "../../platform/log.ts";
import { findBinaries, type PostgresBinaries } from "./binaries.ts";
import { guard } from "./guard.ts";
import {
  type DatabaseDirectory,
  dataDirectory,
  initialise,
  interrupted,
  prepareDirectory,
  userName,
} from "./new-database.ts";
import { childrenOf, killIfThere, pidOf } from "./processes.ts";
import { postgresUser, type RunAs } from "./run-as.ts";

export interface EmbeddedPostgresOptions extends DatabaseDirectory {
  readonly log: Log;
}

const startMsMax = 30_000;
const stopMsMax = 20_000;
const startAttemptsMax = 10;
const restartDelayMs = 500;

/**
 * A real PostgreSQL as a child process, which answers a commit once it is on the disk (`fsync` and `synchronous_commit` on).
 *
 * It is in a session of its own, and so is `initdb`, so that Ctrl-C in a terminal reaches the programs that use it first; a
 * guard ends either when its parent dies. Local programs connect by a Unix socket, which costs a third less than loopback TCP.
 */
export class EmbeddedPostgres {
  readonly #options: EmbeddedPostgresOptions;
  readonly #binaries: PostgresBinaries;
  readonly #runAs: RunAs | undefined;
  readonly #password: string;
  readonly #socketDirectory: string | undefined;
  #port = 0;
  #process: ChildProcess | undefined;
  /** Whether its end is wanted: then it is not started again. */
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
      // Not below the data directory: a socket's path has at most 107 bytes.
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

  /** The URL to connect to; its path names the database. */
  url(database = "postgres"): string {
    const host = this.#socketDirectory ? encodeURIComponent(this.#socketDirectory) : "127.0.0.1";
    return `postgres://${userName}:${this.#password}@${host}:${this.#port}/${database}`;
  }

  /** The postmaster's process id; its children are the sessions. Undefined when it has not started. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get port(): number {
    return this.#port;
  }

  /** Ends the sessions, writes a checkpoint, and stops the server. */
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

  /** Kills it as a crash would, until {@link restart}. For tests of what survives that. */
  async kill(): Promise<void> {
    this.#stopping = true;
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    const sessions = childrenOf(pidOf(child));
    child.kill("SIGKILL");
    // Sessions notice the end of the postmaster only after the commit that they are at.
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
      pid: pidOf(child),
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

/** Resolves, with what the server printed, when it is ready; fails when it ends before. */
function untilReady(child: ChildProcess, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const giveUp = systemClock.after(startMsMax, () => child.kill("SIGQUIT"));
    const stop = () => child.kill("SIGINT");
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
    const finish = () => {
      giveUp();
      signal?.removeEventListener("abort", stop);
      child.stderr?.off("data", read);
      child.off("exit", ended).off("error", failed);
    };
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes("database system is ready to accept connections")) return;
      finish();
      resolve(output);
    };
    const failed = (cause: Error) => {
      finish();
      reject(new Failure("postgres_cannot_start", cause.message, "run npm ci again", cause));
    };
    const ended = () => {
      finish();
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
