import { execFileSync } from "node:child_process";
import { readFileSync, statfsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { projectRoot } from "../../core/platform/project-root.ts";
import { cpuLimitCores } from "../statistics/machine-load.ts";
import type { Environment } from "./document.ts";

const measuredDependencies = [
  "uWebSockets.js",
  "ws",
  "pg",
  "pg-copy-streams",
  "@serenity-kit/opaque",
  "piscina",
  "node-forge",
];

/** Names of file systems that databases may be on, by their magic number (statfs(2)). */
const filesystems: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x794c7630: "overlayfs",
  0x01021994: "tmpfs",
  0x2fc12fc1: "zfs",
  0x6969: "nfs",
};

/** The machine and the versions of a run; read before it begins. */
export function readEnvironment(
  database: { readonly postgres: string; readonly synchronousCommit: string; readonly fsync: string },
  databaseDirectory: string | undefined,
): Environment {
  const cpus = os.cpus();
  return {
    cpuModel: cpus[0]?.model.trim() ?? "unknown",
    cpuCount: cpus.length,
    cpuLimitCores: cpuLimitCores() ?? null,
    memoryBytes: os.totalmem(),
    os: `${os.type()} ${os.arch()}`,
    kernel: os.release(),
    node: process.version,
    postgres: database.postgres,
    dependencies: {
      ...Object.fromEntries(measuredDependencies.map((name) => [name, installedVersion(name)])),
      openssl: process.versions.openssl,
    },
    commit: commit(),
    durability: {
      synchronousCommit: database.synchronousCommit,
      fsync: database.fsync,
      filesystem: databaseDirectory === undefined ? "not known" : filesystem(databaseDirectory),
    },
    loadAverage: os.loadavg()[0] ?? 0,
  };
}

const packageJson = z.object({ version: z.string() });

function installedVersion(name: string): string {
  const file = path.join(projectRoot, "node_modules", name, "package.json");
  return packageJson.parse(JSON.parse(readFileSync(file, "utf8"))).version;
}

function commit(): string | null {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "safe.directory=*", "-C", projectRoot, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    return git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  } catch {
    return null; // Not a repository, or no git.
  }
}

function filesystem(directory: string): string {
  const { type } = statfsSync(directory);
  return filesystems[type] ?? `0x${type.toString(16)}`;
}
