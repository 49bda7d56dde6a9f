import { spawnSync } from "node:child_process";
import { Failure } from "../../platform/failure.ts";

/** The user as which PostgreSQL runs, where the caller's own will not do. */
export interface RunAs {
  readonly name: string;
  readonly ids: { readonly uid: number; readonly gid: number };
}

/**
 * PostgreSQL refuses to run as root: for root the system user `postgres` runs it, and is created if it is missing. Undefined
 * for any other caller, who runs it as themselves.
 */
export function postgresUser(): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const name = "postgres";
  return lookUp(name) ?? create(name);
}

function lookUp(name: string): RunAs | undefined {
  const uid = spawnSync("id", ["-u", name], { encoding: "utf8" });
  const gid = spawnSync("id", ["-g", name], { encoding: "utf8" });
  if (uid.status !== 0 || gid.status !== 0) return undefined;
  return { name, ids: { uid: Number(uid.stdout), gid: Number(gid.stdout) } };
}

function create(name: string): RunAs {
  const attempts = [
    ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
    ["adduser", "-S", "-D", "-H", name], // BusyBox
  ] as const;
  for (const [command, ...args] of attempts) {
    spawnSync(command, args, { stdio: "ignore" });
    const created = lookUp(name);
    if (created) return created;
  }
  throw new Failure(
    "postgres_user_missing",
    "PostgreSQL does not run as root, and the system user postgres could not be created",
    "create it (useradd --system postgres), run as an ordinary user, or name another PostgreSQL with --database",
  );
}

/** Whether that user can write to the directory. */
export function canUse(directory: string, runAs: RunAs | undefined): boolean {
  return succeedsIn(directory, runAs, "touch .writable.$$ && rm .writable.$$");
}

/** Whether that user can reach files in the directory. */
export function canEnter(directory: string, runAs: RunAs | undefined): boolean {
  return succeedsIn(directory, runAs, "true");
}

function succeedsIn(directory: string, runAs: RunAs | undefined, command: string): boolean {
  if (process.platform === "win32") return true;
  const args = ["-c", `cd "$1" && ${command}`, "sh", directory];
  return spawnSync("sh", args, { ...runAs?.ids, stdio: "ignore" }).status === 0;
}
