import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { keyPair } from "../testing/key-pairs.ts";
import { casesWith } from "./conform.ts";
import { type ConformCase, casesOf } from "./conform-case.ts";
import { expectEqual, expectThat, skip, Unmet } from "./expectation.ts";
import { linesOf, summaryOf } from "./report.ts";
import { type CaseResult, runCases } from "./run-cases.ts";
import { targetAt } from "./target.ts";

const cases = casesOf("A section", {
  passes: async () => {},
  "is unmet": async () => expectEqual("bytes", Buffer.from([1]), new Uint8Array([2])),
  "is skipped": async () => skip("the server sets none"),
  breaks: async () => {
    throw new Error("no such thing");
  },
  "never ends": { msMax: 20, run: () => new Promise(() => {}) },
});

async function run(some: readonly ConformCase[], signal?: AbortSignal): Promise<CaseResult[]> {
  const told: CaseResult[] = [];
  const keys = [await keyPair(0), await keyPair(1)] as const;
  const parts = { target: targetAt("ws://127.0.0.1:1/v1", {}), clock: systemClock, keys };
  const results = await runCases(some, parts, (result) => told.push(result), signal);
  assert.deepEqual(told, results);
  return results;
}

test("a case passes, fails with what was expected and what came, or is skipped with its reason", async () => {
  const results = await run(cases);
  assert.deepEqual(
    results.map((result) => {
      const { ms: _, section: __, ...others } = result;
      return others;
    }),
    [
      { name: "passes", outcome: "pass" },
      { name: "is unmet", outcome: "fail", expected: "bytes: bytes 02", came: "bytes 01" },
      { name: "is skipped", outcome: "skip", reason: "the server sets none" },
      { name: "breaks", outcome: "fail", expected: "the case can be run to its end", came: "no such thing" },
      { name: "never ends", outcome: "fail", expected: "all of it within 0.02 s", came: "not all of it" },
    ],
  );
  let section: string | undefined;
  const lines = results.flatMap((result) => {
    const of = linesOf(result, section);
    ({ section } = result);
    return of;
  });
  assert.deepEqual(lines, [
    "A section",
    "  pass  passes",
    "  FAIL  is unmet",
    "        expected: bytes: bytes 02",
    "        came: bytes 01",
    "  skip  is skipped: the server sets none",
    "  FAIL  breaks",
    "        expected: the case can be run to its end",
    "        came: no such thing",
    "  FAIL  never ends",
    "        expected: all of it within 0.02 s",
    "        came: not all of it",
  ]);
  assert.equal(summaryOf(results), "5 cases: 1 passed, 3 failed, 1 skipped");
});

test("an interrupted run begins no further case", async () => {
  const stop = new AbortController();
  const stops = casesOf("A section", { stops: async () => stop.abort(), "is not run": async () => {} });
  assert.deepEqual(
    (await run(stops, stop.signal)).map(({ name }) => name),
    ["stops"],
  );
});

test("cases are found by a word of their section or sentence", () => {
  assert.deepEqual(
    casesWith(cases, "SKIP").map(({ name }) => name),
    ["is skipped"],
  );
  assert.equal(casesWith(cases, "section").length, cases.length);
  assert.deepEqual(casesWith(cases, "sing"), []);
});

test("values are compared by what is in them, and shown in few words", () => {
  expectEqual("frame", { id: 1n, bytes: Buffer.from([1]) }, { bytes: new Uint8Array([1]), id: 1n });
  for (const [came, expected] of [
    [1, 2],
    [{ a: undefined }, {}],
    [
      [1, 2],
      [2, 1],
    ],
    [Buffer.from([1]), "bytes 01"],
    [1n, 1],
  ] as const) {
    assert.throws(() => expectEqual("value", came, expected), Unmet);
  }
  assert.throws(() => expectThat(false, "much", { payload: Buffer.alloc(300), id: 7n }), {
    expected: "much",
    came: '{"payload":"300 bytes 0000000000000000…","id":"7"}',
  });
});
