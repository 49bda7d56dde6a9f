import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { leftoverProcesses } from "../testing/leftover-processes.ts";
import { until } from "../testing/until.ts";
import { runTestFile, type TestFileResult } from "./test-file.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "test-file-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The result of a test file with this text. */
function resultOf(text: string, secondsMax = 60, signal?: AbortSignal): Promise<TestFileResult> {
  const file = path.join(scratch, "probe.mjs");
  writeFileSync(file, `import { suite, test } from "node:test";\nimport assert from "node:assert/strict";\n${text}`);
  return runTestFile(file, secondsMax, signal);
}

test("a file's tests are counted, and its output and its tests' remarks are kept", async () => {
  const { seconds, ...result } = await resultOf(`
    suite("a suite", () => { test("one", (t) => { t.diagnostic("TEST_SEED=7"); console.log("printed"); }); });
    test("two", () => {});
    test("three", { skip: "no such program" }, () => {});`);
  assert.ok(seconds > 0);
  assert.deepEqual(
    { ...result, output: result.output.trim().split("\n").sort() },
    { passed: 2, skipped: ["no such program"], failed: [], output: ["TEST_SEED=7", "printed"] },
  );
});

test("a failed test is reported once, with its whole name, and with the error and its line", async () => {
  const { passed, failed } = await resultOf(`
    suite("a suite", () => {
      test("good", () => {});
      test("bad", () => { assert.equal("here", "there"); });
    });`);
  assert.equal(passed, 1);
  assert.deepEqual(
    failed.map(({ name }) => name),
    [["a suite", "bad"]],
  );
  assert.match(failed[0]?.error ?? "", /here[\s\S]*there[\s\S]*probe\.mjs:6/);
});

test("properties are replayed by the seed that a failure has shown, also in files that know nothing of it", async () => {
  const property = `
    import fc from ${JSON.stringify(import.meta.resolve("fast-check"))};
    test("x", () => { fc.assert(fc.property(fc.nat(), (n) => { console.log(n); })); });`;
  const runWith = async (variables: Record<string, string>) => {
    Object.assign(process.env, variables);
    try {
      return (await resultOf(property)).output.trim().split("\n");
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name];
    }
  };
  const first = await runWith({ FC_SEED: "7", FC_RUNS: "0.1" });
  assert.equal(first.length, 10);
  assert.deepEqual(await runWith({ FC_SEED: "7", FC_RUNS: "0.1" }), first);
  assert.notDeepEqual(await runWith({ FC_SEED: "8", FC_RUNS: "0.1" }), first);
});

test("a file whose process ends badly, or that has no test, has failed", async () => {
  for (const [text, error] of [
    ["test('good', () => {}); process.nextTick(() => process.kill(process.pid, 'SIGKILL'));", /SIGKILL/],
    ["test('good', () => {}); process.exitCode = 3;", /code 3/],
    ["throw new Error('while it is loaded');", /code 1/],
    ["", /it has no test/],
  ] as const) {
    const { failed } = await resultOf(text);
    assert.deepEqual(
      failed.map(({ name }) => name),
      [[]],
      text,
    );
    assert.match(failed[0]?.error ?? "", error);
  }
});

test("what a file has started ends with it when it is ended, at once or for being late", async () => {
  const starts = `
    import { spawn } from "node:child_process";
    test("x", () => {
      spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", process.argv[1]], { stdio: "ignore" });
      return new Promise(() => setInterval(() => {}, 1000));
    });`;
  const childrenLeft = () => leftoverProcesses([path.join(scratch, "probe.mjs")]);
  const late = await resultOf(starts, 2);
  assert.match(late.failed.at(-1)?.error ?? "", /it had not ended after 2 s/);
  await until(() => childrenLeft().length === 0, "the late file's child has ended");

  const stopping = new AbortController();
  const running = resultOf(starts, 60, stopping.signal);
  if (process.platform === "linux") await until(() => childrenLeft().length === 2, "the file and its child run");
  stopping.abort();
  assert.match((await running).failed.at(-1)?.error ?? "", /SIGTERM/);
  await until(() => childrenLeft().length === 0, "the ended file's child has ended");
});

test("a file that does not end in time is killed, and has failed", async () => {
  for (const text of ["test('x', () => {}); setInterval(() => {}, 1000);", "test('x', () => { for (;;); });"]) {
    const { failed } = await resultOf(text, 2);
    assert.match(failed.at(-1)?.error ?? "", /it had not ended after 2 s/);
  }
});

test("a file that an interruption ends has failed", async () => {
  const stopping = new AbortController();
  const running = resultOf("test('x', () => {}); setInterval(() => {}, 1000);", 60, stopping.signal);
  stopping.abort();
  const { failed } = await running;
  assert.match(failed.at(-1)?.error ?? "", /SIGTERM/);
});
