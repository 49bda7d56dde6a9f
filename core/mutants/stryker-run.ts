import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { Failure } from "../platform/failure.ts";
import { projectRoot } from "../platform/project-root.ts";
import { killGroup } from "../store/embedded/processes.ts";
import type { Survivor } from "./accepted.ts";
import type { StrykerRoom } from "./stryker-rooms.ts";
import { Workshop } from "./workshop.ts";

const position = z.object({ line: z.number(), column: z.number() });
const report = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.string().optional(),
          status: z.string(),
          // The columns count from 1 as well.
          location: z.object({ start: position, end: position }),
        }),
      ),
    }),
  ),
});

export interface StrykerResult {
  /** How many mutants made a test fail, or run for too long. */
  readonly killed: number;
  readonly survivors: readonly Survivor[];
  /** How many could not be tried: then the figures say little. */
  readonly untried: number;
}

const killedBy: ReadonlySet<string> = new Set(["Killed", "Timeout"]);
const survivedBy: ReadonlySet<string> = new Set(["Survived", "NoCoverage"]);
const leftOut: ReadonlySet<string> = new Set(["Ignored", "CompileError"]);

/** Each mutant is tried with all properties that reach it, so these are run less often. */
const propertyShare = "0.1";

/**
 * Mutates sources of a room with Stryker, which is installed for the run. TypeScript 7 has no programming interface, so Stryker only
 * instruments the sources, and the project's own compiler builds them, once for all mutants.
 */
export async function runStryker(
  { folders, without = [] }: StrykerRoom,
  files: readonly string[],
  { atOnce, stopping }: { readonly atOnce: number; readonly stopping: AbortSignal },
): Promise<StrykerResult> {
  const tools = mkdtempSync(path.join(tmpdir(), "stryker-"));
  const workshop = await Workshop.copy(projectRoot, stopping);
  try {
    for (const file of ["package.json", "package-lock.json"]) {
      copyFileSync(path.join(projectRoot, "core/mutants/stryker", file), path.join(tools, file));
    }
    await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: tools, env: process.env, stopping });
    const bin = path.join(tools, "node_modules/node/bin");
    const tests = [
      "dist/core/testing/property-runs.js",
      ...folders
        .flatMap((folder) => filesBelow(path.join("dist", folder), workshop.root, /\.test\.js$/))
        .filter((file) => !without.includes(file)),
    ];
    writeFileSync(
      path.join(workshop.root, "stryker.config.json"),
      JSON.stringify({ ...settings(files, tests), concurrency: atOnce }),
    );
    // Stryker needs a newer Node than the project does.
    const environment = {
      ...workshop.environment,
      FC_RUNS: propertyShare,
      PATH: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}`,
    };
    const program = path.join(tools, "node_modules/@stryker-mutator/core/bin/stryker.js");
    await run(path.join(bin, "node"), [program, "run"], { cwd: workshop.root, env: environment, stopping });
    return resultOf(readFileSync(path.join(workshop.root, "mutation.json"), "utf8"));
  } finally {
    workshop.remove();
    rmSync(tools, { recursive: true, force: true });
  }
}

/** A room's sources, without its tests and what these are made of. */
export function sourcesOf({ folders }: StrykerRoom, project: string): string[] {
  return folders
    .flatMap((folder) => filesBelow(folder, project, /\.ts$/))
    .filter((file) => !/\.(test|fuzz)\.ts$|\/testing\//.test(file));
}

function filesBelow(folder: string, project: string, ending: RegExp): string[] {
  return readdirSync(path.join(project, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => ending.test(file))
    .map((file) => path.join(folder, file));
}

function settings(files: readonly string[], testFiles: readonly string[]) {
  return {
    testRunner: "collected-tests",
    plugins: [path.join(projectRoot, "dist/core/mutants/stryker-plugin.js")],
    collectedTests: { files: testFiles },
    warnings: { unknownOptions: false },
    // Stryker would read it with the compiler's programming interface.
    tsconfigFile: "none.json",
    // The sandbox is two folders below the copy, and has no packages of its own when it is built.
    buildCommand: "node ../../node_modules/typescript/bin/tsc",
    mutate: files,
    coverageAnalysis: "perTest",
    // What is only evaluated when a module is loaded would need each test file for each mutant.
    ignoreStatic: true,
    // A mutant that only takes longer, on a machine that does other work, has survived.
    timeoutMS: 10_000,
    timeoutFactor: 3,
    reporters: ["json", "progress-append-only"],
    jsonReporter: { fileName: "mutation.json" },
    tempDirName: ".stryker-tmp",
  };
}

interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stopping: AbortSignal;
}

async function run(command: string, args: readonly string[], { cwd, env, stopping }: RunOptions): Promise<void> {
  stopping.throwIfAborted();
  // A group of its own: Stryker's processes can be ended together.
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"], detached: true });
  const end = () => killGroup(child);
  stopping.addEventListener("abort", end);
  await once(child, "exit");
  stopping.removeEventListener("abort", end);
  stopping.throwIfAborted();
  if (child.exitCode !== 0) {
    const happened = `${command} ${args.join(" ")} ended with ${child.exitCode ?? child.signalCode}`;
    throw new Failure("stryker_failed", happened, "see what it says above");
  }
}

/** What Stryker's report in JSON (schema of mutation-testing-elements) says of a room. */
export function resultOf(text: string): StrykerResult {
  const files = Object.entries(report.parse(JSON.parse(text)).files);
  const mutants = files.flatMap(([file, { source, mutants: of }]) => of.map((mutant) => ({ file, source, ...mutant })));
  return {
    killed: mutants.filter(({ status }) => killedBy.has(status)).length,
    untried: mutants.filter(({ status }) => ![killedBy, survivedBy, leftOut].some((of) => of.has(status))).length,
    survivors: mutants
      .filter(({ status }) => survivedBy.has(status))
      .map(({ file, source, location: { start, end }, mutatorName: mutator, replacement = "" }) => {
        const lines = source.split("\n").slice(start.line - 1, end.line);
        return { file, line: start.line, code: lines.join("\n"), mutator, replacement };
      }),
  };
}
