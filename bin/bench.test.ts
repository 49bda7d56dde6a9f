import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { resultsSchema } from "../bench/results-schema.ts";
import { writablePlace } from "../core/store/embedded/place.ts";
import { type StartedCommand, startCommand } from "../core/testing/command-line.ts";
import { leftoverProcesses } from "../core/testing/leftover-processes.ts";
import { until } from "../core/testing/until.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "bench-cli-test-"));
mkdirSync(path.join(scratch, "results"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** All that it starts has the directory's name in its environment. */
function start(args: readonly string[]): StartedCommand {
  return startCommand(args, { cwd: scratch, environment: { BENCH_CLI_TEST: scratch } });
}

const smallRun = [
  "bench",
  "quick",
  "--servers",
  "1",
  "--strategies",
  "random,two-choices",
  "--rate",
  "40",
  "--clients",
  "8",
];

/** Everything that a benchmark started has ended, and its database is gone. */
async function nothingLeftOf({ child }: StartedCommand): Promise<void> {
  const name = `bench-${child.pid}-`;
  const marks = [path.join(writablePlace(), name), scratch];
  await until(() => leftoverProcesses(marks).length === 0, "everything has ended");
  await until(() => filesBelow(writablePlace(), name) === 0, "the database's files are gone");
}

/**
 * How many files are in directories whose names begin so. The directories themselves may stay: where root's PostgreSQL has
 * another user, what ends it after a kill may not remove them.
 */
function filesBelow(directory: string, name: string): number {
  const entries = readdirSync(directory).filter((entry) => entry.startsWith(name));
  return entries.reduce((sum, entry) => sum + filesIn(path.join(directory, entry)), 0);
}

function filesIn(directory: string): number {
  try {
    return readdirSync(directory).length;
  } catch {
    return 0; // Removed meanwhile.
  }
}

test("a benchmark that is interrupted prints and keeps what it has measured, marked partial, ends with 130, and leaves nothing", async () => {
  const bench = start([...smallRun, "--seconds", "0.5", "--json", "interrupted.json"]);
  await until(() => bench.err().includes("1/2"), "the first cell has begun");
  await until(() => bench.err().includes("2/2"), "the second cell has begun");
  bench.child.kill("SIGINT");
  assert.equal(await bench.ended, 130);
  await nothingLeftOf(bench);
  assert.match(bench.out(), /^PARTIAL RESULT: interrupted at "2\/2 1 server, two-choices"/);
  assert.match(bench.out(), / 1 │ random /);
  assert.doesNotMatch(bench.out(), / 1 │ two-choices/);
  const files = bench.out().match(/^(results\/\S+|interrupted\.json)$/gm) ?? [];
  assert.equal(files.length, 3);
  for (const file of files) {
    const text = readFileSync(path.join(scratch, file), "utf8");
    if (file.endsWith(".html")) assert.match(text, /PARTIAL RESULT/);
    else {
      const { partial } = resultsSchema.parse(JSON.parse(text));
      assert.deepEqual(partial, { reason: "interrupted", at: "2/2 1 server, two-choices" });
    }
  }
});

test("a benchmark that is killed has left what it had measured, marked unfinished", async () => {
  const results = () => readdirSync(path.join(scratch, "results"));
  const before = results();
  const bench = start([...smallRun, "--seconds", "0.5"]);
  await until(() => bench.err().includes("1/2"), "the first cell has begun");
  await until(() => bench.err().includes("2/2"), "the second cell has begun");
  bench.child.kill("SIGKILL");
  await bench.ended;
  await nothingLeftOf(bench);
  const directory = results().find((entry) => !before.includes(entry)) ?? "";
  const text = readFileSync(path.join(scratch, "results", directory, "results.json"), "utf8");
  const result = resultsSchema.parse(JSON.parse(text));
  assert.equal(result.partial?.reason, "unfinished");
  assert.ok(result.benchmark === "quick" && result.cells.length === 1);
});

test("a second Ctrl-C ends a benchmark at once, and nothing is left", async () => {
  const bench = start([...smallRun, "--seconds", "60"]);
  await until(() => bench.err().includes("1/2"), "the first cell has begun");
  bench.child.kill("SIGINT");
  bench.child.kill("SIGINT");
  assert.equal(await bench.ended, 130);
  await nothingLeftOf(bench);
});
