import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../platform/project-root.ts";

/** The text of source files by their path from the root. */
export type Sources = ReadonlyMap<string, string>;

/** The folders that have source code. */
export const sourceFolders = ["bin", "core", "gui", "loadgen", "bench"] as const;

/** All sources of the project. */
export function readSources(): Sources {
  const sources = new Map<string, string>();
  for (const folder of sourceFolders) {
    for (const name of readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: "utf8" })) {
      if (!/\.(?:ts|mjs)$/.test(name)) continue;
      const file = path.posix.join(folder, name.replaceAll(path.sep, "/"));
      sources.set(file, readFileSync(path.join(projectRoot, file), "utf8"));
    }
  }
  return sources;
}
