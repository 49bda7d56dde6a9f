import { accessSync, constants, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { projectRoot } from "../../platform/project-root.ts";
import { canEnter, postgresUser } from "./run-as.ts";

/**
 * A directory for databases that last as long as a run: beside the project, if PostgreSQL's user can get there, so that it is
 * on a disk and not in memory, as /tmp may be.
 */
export function writablePlace(): string {
  const runAs = postgresUser();
  const beside = path.join(projectRoot, ".fastchat");
  try {
    mkdirSync(beside, { recursive: true });
  } catch {
    // The project is somebody else's, or on a read-only disk: then another directory serves.
  }
  return [beside, "/var/tmp"].find((directory) => isOurs(directory) && canEnter(directory, runAs)) ?? tmpdir();
}

function isOurs(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
