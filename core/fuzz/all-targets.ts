import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../platform/project-root.ts";
import type { FuzzTarget } from "./target.ts";

/** A target, and the module that has it. */
export type FoundTarget = FuzzTarget & { readonly module: string };

/**
 * The targets of every compiled `*.fuzz.ts`, by name. They are found rather than imported: those of rooms above `core` lie
 * beside their parsers, and `core` imports nothing from there.
 */
export async function allTargets(): Promise<FoundTarget[]> {
  const dist = path.join(projectRoot, "dist");
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".fuzz.js"));
  const found = await Promise.all(files.map((file) => targetsOf(pathToFileURL(path.join(dist, file)).href)));
  const targets = found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = targets.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw new Error(`two fuzz targets share a name: ${names.join(", ")}`);
  return targets;
}

export async function targetsOf(module: string): Promise<FoundTarget[]> {
  const { targets } = (await import(module)) as { targets: readonly FuzzTarget[] };
  return targets.map((target) => ({ ...target, module }));
}
