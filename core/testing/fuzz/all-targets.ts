import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../platform/project-root.ts";
import type { FuzzTarget } from "./target.ts";

/**
 * The targets of every compiled `*.fuzz.ts`, by name. They are found rather than imported: those of rooms above `core` lie
 * beside their parsers, and `core` imports nothing from there.
 */
export async function allTargets(): Promise<FuzzTarget[]> {
  const dist = path.join(projectRoot, "dist");
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".fuzz.js"));
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(path.join(dist, file)).href) as Promise<{ targets: FuzzTarget[] }>),
  );
  const targets = modules.flatMap((module) => module.targets).sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = targets.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw new Error(`two fuzz targets share a name: ${names.join(", ")}`);
  return targets;
}
