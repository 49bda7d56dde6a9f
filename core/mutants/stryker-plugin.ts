import { register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import {
  type CollectedContext,
  type CollectedSuite,
  type CollectedTest,
  collect,
  collected,
} from "./collected-tests.ts";

// A test runner for Stryker (the plugin interface of @stryker-mutator/api 10). The room's tests are loaded once in a process, and those
// that reach a mutant are run with it there: a process for each test file and mutant would spend a hundred times as long on starting.

/** What Stryker's instrumented code reads and writes. */
interface StrykerNamespace {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> } | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
}

interface PluginOptions {
  readonly collectedTests: { readonly files: readonly string[] };
}

interface MutantRun {
  readonly activeMutant: { readonly id: string };
  /** The ids of the tests that reach the mutant; without, all do. */
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
}

const status = { passed: 0, failed: 1 } as const;

/** Where instrumented code looks for it. */
const namespaceName = "__stryker__";
const stryker: StrykerNamespace = {};
Object.assign(globalThis, { [namespaceName]: stryker });

class CollectedTestsRunner {
  static inject = ["options"] as const;
  readonly #files: readonly string[];
  readonly #milliseconds = new Map<string, number>();

  constructor({ collectedTests }: PluginOptions) {
    this.#files = collectedTests.files;
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  async init(): Promise<void> {
    // Instrumented modules keep the object that they find when they are loaded.
    stryker.mutantCoverage = { static: {}, perTest: {} };
    register(new URL("./collect-tests-hook.js", import.meta.url));
    for (const file of this.#files) await collect(file, () => import(pathToFileURL(path.resolve(file)).href));
    for (const event of ["uncaughtException", "unhandledRejection"] as const) process.on(event, escaped);
  }

  /** Runs every test without a mutant, and says which mutants each of them reaches. */
  async dryRun() {
    const tests = [];
    for (const [i, test] of collected.entries()) {
      stryker.currentTestId = String(i);
      const from = performance.now();
      const failure = await failureOf(test, new Set());
      const timeSpentMs = performance.now() - from;
      this.#milliseconds.set(String(i), timeSpentMs);
      const about = { id: String(i), name: `${test.file}: ${test.name}`, timeSpentMs };
      tests.push(
        failure === undefined
          ? { ...about, status: status.passed }
          : { ...about, status: status.failed, failureMessage: failure },
      );
    }
    stryker.currentTestId = undefined;
    return { status: "complete", tests, mutantCoverage: stryker.mutantCoverage };
  }

  /**
   * Runs the tests that reach a mutant, the quickest first, until one fails. A test that then fails without the mutant, too, has been
   * left behind in a wrong state: this fails, and Stryker tries again in a new process.
   */
  async mutantRun({ activeMutant, testFilter = [...collected.keys()].map(String), hitLimit }: MutantRun) {
    const ready = new Set<CollectedSuite>();
    const quickestFirst = testFilter.toSorted(
      (a, b) => (this.#milliseconds.get(a) ?? 0) - (this.#milliseconds.get(b) ?? 0),
    );
    let nrOfTests = 0;
    for (const id of quickestFirst) {
      const test = collected[Number(id)];
      if (!test) throw new Error(`there is no test ${id}`);
      Object.assign(stryker, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
      const failureMessage = await failureOf(test, ready);
      const isEndless = hitLimit !== undefined && (stryker.hitCount ?? 0) > hitLimit;
      Object.assign(stryker, { activeMutant: undefined, hitLimit: undefined });
      nrOfTests++;
      if (isEndless) return { status: "timeout", reason: "it goes round and round" };
      if (failureMessage === undefined) continue;
      const without = await failureOf(test, new Set());
      if (without !== undefined) throw new Error(`${test.name} fails without the mutant, too: ${without}`);
      return { status: "killed", killedBy: [id], failureMessage, nrOfTests };
    }
    return { status: "survived", nrOfTests };
  }

  async dispose(): Promise<void> {
    const suites = new Set(collected.flatMap(({ suite }) => withParents(suite)));
    for (const { after } of suites) for (const action of after) await action(contextOf("", []));
  }
}

export const strykerPlugins = [{ kind: "TestRunner", name: "collected-tests", injectableClass: CollectedTestsRunner }];

let lost: unknown;
function escaped(cause: unknown): void {
  lost = cause;
}

/** Why a test fails; undefined when it passes. `ready` are the suites that have been set up. */
async function failureOf({ name, suite, run }: CollectedTest, ready: Set<CollectedSuite>): Promise<string | undefined> {
  const ends: (() => unknown)[] = [];
  const context = contextOf(name, ends);
  const suites = withParents(suite).reverse();
  lost = undefined;
  try {
    for (const of of suites) {
      if (!ready.has(of)) for (const action of of.before) await action(context);
      ready.add(of);
    }
    for (const { beforeEach } of suites) for (const action of beforeEach) await action(context);
    try {
      await run(context);
    } finally {
      for (const { afterEach } of suites) for (const action of afterEach) await action(context);
      for (const end of ends) await end();
      mock().restoreAll();
    }
    if (lost !== undefined) throw lost;
    return undefined;
  } catch (cause) {
    return inspect(cause);
  }
}

function contextOf(name: string, ends: (() => unknown)[]): CollectedContext {
  return { name, after: (end) => void ends.push(end), diagnostic() {}, skip() {}, mock: mock() };
}

function withParents(suite: CollectedSuite): CollectedSuite[] {
  return [suite, ...(suite.parent ? withParents(suite.parent) : [])];
}

/** Node's own, of which this process has no other use. */
const mock = () => process.getBuiltinModule("node:test").mock;
