import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../platform/project-root.ts";
import type { FuzzTarget } from "./target.ts";

/** A target, with the URL of the module that exports it. */
export type FoundTarget = FuzzTarget & { readonly module: string };

/**
 * The targets of every compiled `*.fuzz.ts`, by name. They are found in `dist` rather than imported: a target lies beside its
 * parser, also in rooms above `core`, and `core` imports nothing from there.
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
  const exported: unknown = await import(module);
  const targets = targetsAmong(exported);
  if (!targets) throw new Error(`${module} exports no targets`);
  return targets.map((target) => ({ ...target, module }));
}

/** The targets that a `*.fuzz.ts` exports; undefined where it exports none. */
function targetsAmong(exported: unknown): readonly FuzzTarget[] | undefined {
  const hasTargets = typeof exported === "object" && exported !== null && "targets" in exported;
  if (!hasTargets || !Array.isArray(exported.targets) || !exported.targets.every(isTarget)) return undefined;
  return exported.targets;
}

/** Whether an object is a target: the compiler has checked its methods, where it was written as one. */
function isTarget(exported: unknown): exported is FuzzTarget {
  return typeof exported === "object" && exported !== null && "run" in exported && "seeds" in exported;
}
