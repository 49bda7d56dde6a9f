import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { wholeNumber } from "../../platform/decimal.ts";
import { Failure, messageOf } from "../../platform/failure.ts";
import type { PostgresBinaries } from "./binaries.ts";
import { guard } from "./guard.ts";
import { isRunning, killGroup } from "./processes.ts";
import { canUse, type RunAs } from "./run-as.ts";

/** Where a database is, or is to be made. */
export interface DatabaseDirectory {
  /** Holds the data, the password and nothing else; made if missing. */
  readonly directory: string;
  /** Removed again when the server stops, or when the process that started it dies. */
  readonly ephemeral: boolean;
  /** Ends a start that is under way, which then fails with `interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

/** The database's superuser, as which every program connects. */
export const userName = "fastchat";

/** Where PostgreSQL keeps its data, below the directory that a program names. */
export const dataDirectory = (directory: string) => path.join(directory, "data");

/** Makes the directory if it is missing; fails when PostgreSQL's user cannot write to it. */
export function prepareDirectory(directory: string, runAs: RunAs | undefined): void {
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

/** Makes a database in the directory if there is none. Answers the superuser's password, which is kept beside the data. */
export async function initialise(
  options: DatabaseDirectory,
  { initdb }: PostgresBinaries,
  runAs: RunAs | undefined,
): Promise<string> {
  const { directory, signal } = options;
  const data = dataDirectory(directory);
  const passwordFile = path.join(directory, "password");
  if (existsSync(data)) return readPassword(passwordFile);
  removeUnfinished(directory);
  // A start that is cut off leaves a directory under another name, which nobody takes for a database.
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

/** Removes what killed starts have left; a start that goes on in another process keeps its own. */
function removeUnfinished(directory: string): void {
  const prefix = `${path.basename(dataDirectory(directory))}${unfinishedInfix}`;
  for (const entry of readdirSync(directory)) {
    const pid = entry.startsWith(prefix) ? wholeNumber(entry.slice(prefix.length)) : undefined;
    if (pid === undefined || (pid !== process.pid && isRunning(pid))) continue;
    // Children of initdb may write for a moment after its end.
    rmSync(path.join(directory, entry), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

interface InitdbOptions extends DatabaseDirectory {
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
  // What initdb has made so far is of no use: it is killed with its children.
  const kill = () => killGroup(child);
  const closed = once(child, "close");
  const stopGuarding =
    child.pid === undefined
      ? undefined
      : guard({ pid: child.pid, pidFile: unfinished, remove: [ephemeral ? directory : unfinished], ids: runAs?.ids });
  signal?.addEventListener("abort", kill, { once: true });
  try {
    await closed;
    if (child.exitCode !== 0)
      throw new Error(`initdb ended with ${child.signalCode ?? child.exitCode}: ${said.trim()}`);
  } finally {
    signal?.removeEventListener("abort", kill);
    stopGuarding?.();
  }
}

/** The failure of a start that its signal has ended. */
export const interrupted = () => new Failure("interrupted", "the start of PostgreSQL was stopped", "start it again");
