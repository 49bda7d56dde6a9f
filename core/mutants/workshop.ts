import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { Failure } from "../platform/failure.ts";
import { type SecondsByFile, secondsByFile } from "../test-runner/order.ts";
import { keyPairsFile, keyPairsVariable } from "../testing/key-pairs.ts";
import { patienceVariable } from "../testing/until.ts";
import { type Mutant, mutated } from "./mutant.ts";

export type Verdict =
  /** Tests failed; their names. */
  | { readonly kind: "caught"; readonly by: readonly string[] }
  | { readonly kind: "survived" }
  /** It says nothing about the tests: the compiler refuses the mutant. */
  | { readonly kind: "refused"; readonly complaint: string }
  /** The tests could not be run. */
  | { readonly kind: "broken"; readonly complaint: string };

/** What is linked instead, or is no part of the project. */
const notCopied: ReadonlySet<string> = new Set([".git", "node_modules", "results", "coverage", ".fastchat"]);

/** A test file that takes longer than so many times its usual time, and a while, is killed, and has failed: a mutant may hang. */
const timesUsual = 4;
const whileSeconds = 30;

/** What a test waits for with a mutant may never come; without one, it comes within a second. */
const patienceMs = 30_000;

/** A copy of a project in which mutants are built and tested, so that nobody sees them in the project itself. */
export class Workshop {
  readonly root: string;
  /** The environment of what runs here: all test runs share key pairs, which take seconds to make. */
  readonly environment: NodeJS.ProcessEnv;
  readonly #stopping: AbortSignal;
  readonly #slow: SecondsByFile;

  private constructor(root: string, keyPairs: string, stopping: AbortSignal) {
    this.root = root;
    this.#stopping = stopping;
    const slow = path.join(root, "core/test-runner/slow-files.json");
    this.#slow = existsSync(slow) ? secondsByFile.parse(JSON.parse(readFileSync(slow, "utf8"))) : {};
    this.environment = { ...process.env, [keyPairsVariable]: keyPairs, [patienceVariable]: String(patienceMs) };
  }

  /**
   * Copies the built project below `place`; the installed packages are shared. With `stopping`, what runs here is ended, and nothing runs
   * afterwards.
   */
  static async copy(project: string, stopping: AbortSignal, place = tmpdir()): Promise<Workshop> {
    const root = mkdtempSync(path.join(place, "mutants-"));
    for (const name of readdirSync(project)) {
      if (!notCopied.has(name)) cpSync(path.join(project, name), path.join(root, name), { recursive: true });
    }
    symlinkSync(path.join(project, "node_modules"), path.join(root, "node_modules"));
    return new Workshop(root, await keyPairsFile(root), stopping);
  }

  /** Builds the project with the mutant in it, and runs its tests. */
  async judge(mutant: Mutant): Promise<Verdict> {
    const file = path.join(this.root, mutant.file);
    const source = readFileSync(file, "utf8");
    writeFileSync(file, mutated(source, mutant));
    try {
      const built = await this.#node("node_modules/typescript/bin/tsc");
      if (built.code !== 0) return { kind: "refused", complaint: built.output };
      return await this.test(mutant.tests);
    } finally {
      writeFileSync(file, source);
    }
  }

  /** Builds the project as it is again. */
  async restore(): Promise<void> {
    const built = await this.#node("node_modules/typescript/bin/tsc");
    if (built.code !== 0 && !this.isStopped)
      throw new Failure("build_failed", `the project does not build:\n${built.output}`, "mend it first");
  }

  /** Runs test files as they were built last. */
  async test(files: readonly string[]): Promise<Verdict> {
    const runner = "dist/core/test-runner/main.js";
    const secondsMax = whileSeconds + timesUsual * Math.max(0, ...files.map((file) => this.#slow[file] ?? 0));
    const { code, output } = await this.#node(runner, "--bail", "--file-seconds", String(secondsMax), ...files);
    if (code === 0) return { kind: "survived" };
    const by = [...output.matchAll(/^failed: (.+)$/gm)].map(([, name = ""]) => name);
    return code === 1 && by.length > 0 ? { kind: "caught", by } : { kind: "broken", complaint: output };
  }

  get isStopped(): boolean {
    return this.#stopping.aborted;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  async #node(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
    if (this.isStopped) return { code: null, output: "stopped" };
    const child = spawn(process.execPath, args, {
      cwd: this.root,
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const end = () => void child.kill();
    this.#stopping.addEventListener("abort", end);
    const ended = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    this.#stopping.removeEventListener("abort", end);
    return { code, output: out + err };
  }
}
