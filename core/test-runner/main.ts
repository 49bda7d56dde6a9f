import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { wholeNumber } from "../platform/decimal.ts";
import { codeOf, messageOf } from "../platform/failure.ts";
import { createLog } from "../platform/log.ts";
import { projectRoot } from "../platform/project-root.ts";
import { EmbeddedPostgres } from "../store/embedded/embedded-postgres.ts";
import { writablePlace } from "../store/embedded/place.ts";
import { keyPairsFile, keyPairsVariable } from "../testing/key-pairs.ts";
import { testDatabaseVariable } from "../testing/test-database-variable.ts";
import { inOrder, secondsByFile, slowAfter } from "./order.ts";
import { exitCode, fileReport, summary } from "./report.ts";
import { runTestFile, type TestFileResult } from "./test-file.ts";

// Runs every compiled test file, or those whose path contains one of the words, side by side against one PostgreSQL that
// starts and ends with the run.

const slowFilesPath = path.join(projectRoot, "core/test-runner/slow-files.json");

const { values: flags, positionals: words } = readArguments();

const atOnce =
  wholeNumber(flags["at-once"]) ||
  fail(`--at-once ${flags["at-once"]}: write how many test files run side by side, a whole number from 1`);

const fileSecondsMax =
  wholeNumber(flags["file-seconds"]) ||
  fail(`--file-seconds ${flags["file-seconds"]}: write after how long a test file is ended, a whole number from 1`);

const dist = path.join(projectRoot, "dist");
const sourceOf = (compiled: string) => compiled.replaceAll(path.sep, "/").replace(/\.js$/, ".ts");
const compiledOf = (source: string) => path.join(dist, source.replace(/\.ts$/, ".js"));
const files = readdirSync(dist, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js"))
  .map(sourceOf)
  .filter((file) => words.length === 0 || words.some((word) => file.includes(sourceOf(word))));
if (files.length === 0) fail(`no test file's path contains ${words.join(" or ")}`);

const known = secondsByFile.parse(JSON.parse(readFileSync(slowFilesPath, "utf8")));
const order = inOrder(files, known);
const directory = mkdtempSync(path.join(writablePlace(), "tests-"));
const keyPairsPlace = mkdtempSync(path.join(tmpdir(), "test-keys-"));
const [postgres, keyPairs] = await Promise.all([
  EmbeddedPostgres.start({ directory, ephemeral: true, log: createLog("warn") }),
  keyPairsFile(keyPairsPlace),
]);
process.env[testDatabaseVariable] = postgres.url();
process.env[keyPairsVariable] = keyPairs;
// Ctrl-C ends the test files that run, and keeps others from starting.
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
process.stdout.on("error", (cause) => {
  // The reader has gone, as `head` does: there is nobody to report to.
  if (codeOf(cause) !== "EPIPE") throw cause;
  stopping.abort();
});

/** With `--bail`, ends the other test files once one has failed: whoever asks wants to know only whether all pass. */
const bailing = new AbortController();
const ending = AbortSignal.any([stopping.signal, bailing.signal]);
const began = performance.now();
const secondsSoFar = () => (performance.now() - began) / 1000;
const results = new Map<string, TestFileResult>();
await runAll(order.fast);
if (order.fast.length > 0 && order.slow.length > 0) {
  const failed = [...results.values()].filter((result) => result.failed.length > 0).length;
  process.stdout.write(
    `\n${order.fast.length - failed} of ${files.length} files passed after ${secondsSoFar().toFixed(0)} s; ` +
      `${order.slow.length} start servers, databases and terminals, and ${flags.fast ? "are left out" : "take longer"}\n\n`,
  );
}
if (!flags.fast) await runAll(order.slow);
await postgres.stop();
rmSync(keyPairsPlace, { recursive: true });

process.stdout.write(`\n${summary(results, secondsSoFar())}`);
if (flags["note-times"]) {
  const measured = Object.fromEntries([...results].map(([file, { seconds }]) => [file, seconds]));
  writeFileSync(slowFilesPath, `${JSON.stringify(slowAfter(known, measured), null, 2)}\n`);
}
const chosen = order.fast.length + (flags.fast ? 0 : order.slow.length);
if (results.size < chosen) process.stderr.write(`${chosen - results.size} of ${chosen} test files were not run\n`);
process.exitCode = exitCode(results, { chosen, interrupted: stopping.signal.aborted });

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        fast: { type: "boolean", default: false },
        "at-once": { type: "string", default: String(availableParallelism() + 1) },
        // Ten times what the longest file takes on a busy machine: the bound ends a file that hangs, and measures nothing.
        "file-seconds": { type: "string", default: "300" },
        bail: { type: "boolean", default: false },
        "note-times": { type: "boolean", default: false },
      },
    });
  } catch (cause) {
    return fail(messageOf(cause));
  }
}

function fail(complaint: string): never {
  process.stderr.write(`${complaint}\n`);
  process.exit(2);
}

async function runAll(inTurn: readonly string[]): Promise<void> {
  const waiting = [...inTurn];
  const runOneAfterAnother = async () => {
    for (let file = waiting.shift(); file !== undefined && !ending.aborted; file = waiting.shift()) {
      const result = await runTestFile(compiledOf(file), fileSecondsMax, ending);
      // What ended a file is not its own.
      if (bailing.signal.aborted) return;
      results.set(file, result);
      if (flags.bail && result.failed.length > 0) bailing.abort();
      process.stdout.write(fileReport(file, result));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runOneAfterAnother));
}
