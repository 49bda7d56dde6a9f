import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { codeOf, messageOf } from "../../core/platform/failure.ts";
import type { Event } from "../model/event.ts";
import type { FileEntry } from "../model/shown.ts";
import { sentence } from "../text/sentence.ts";
import { typedPath } from "./paths.ts";

/** Further entries are not shown; their paths can be typed. */
const entriesMax = 5000;

/** Lists a directory for choosing a file: directories first, hidden entries last. */
export async function listDirectory(asked: string): Promise<Extract<Event, { kind: "directory" }>> {
  const directory = typedPath(asked);
  try {
    const found = await readdir(directory, { withFileTypes: true });
    const entries = await Promise.all(found.slice(0, entriesMax).map((entry) => entryOf(directory, entry)));
    const shown = entries.filter((entry) => entry !== undefined).sort(inOrder);
    return { kind: "directory", asked, directory, entries: shown };
  } catch (cause) {
    return { kind: "directory", asked, directory, entries: [], problem: sentence(reasonOf(directory, cause)) };
  }
}

/** Undefined for an entry that is neither a file nor a directory, nor a link to one. */
async function entryOf(directory: string, entry: Dirent): Promise<FileEntry | undefined> {
  const { name } = entry;
  if (entry.isDirectory()) return { name, kind: "directory", bytes: 0 };
  if (!entry.isFile() && !entry.isSymbolicLink()) return undefined;
  try {
    const about = await stat(path.join(directory, name));
    if (about.isDirectory()) return { name, kind: "directory", bytes: 0 };
    return about.isFile() ? { name, kind: "file", bytes: about.size } : undefined;
  } catch {
    return undefined; // It was deleted meanwhile, or is a broken link.
  }
}

function inOrder(a: FileEntry, b: FileEntry): number {
  const hidden = Number(a.name.startsWith(".")) - Number(b.name.startsWith("."));
  const kinds = Number(a.kind === "file") - Number(b.kind === "file");
  return hidden || kinds || a.name.localeCompare(b.name, undefined, { numeric: true });
}

function reasonOf(directory: string, cause: unknown): string {
  switch (codeOf(cause)) {
    case "ENOENT":
      return `there is no directory ${directory}`;
    case "ENOTDIR":
      return `${directory} is no directory`;
    case "EACCES":
    case "EPERM":
      return `you may not look into ${directory}`;
    default:
      return messageOf(cause);
  }
}
