import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleCell, sampleRun } from "../document/testing/sample-run.ts";
import { acceptBenchmark, figureOf } from "../testing/acceptance.ts";
import { generator, generatorFigures, runGenerator } from "./generator.ts";

const tiny = { clients: 50, ratePerSecond: 100, seconds: 0.5 };

acceptBenchmark(generator, {
  tiny: {
    fact: "audits the deliveries that it is measured by",
    run: (parts) => runGenerator(tiny, parts),
    check(run) {
      assert.equal(figureOf(run, "audit passed"), 1);
      assert.ok(run.figures.length > 2);
    },
  },
  interrupted: [
    {
      fact: "nothing, since no message was due",
      at: /users in groups of 50/,
      run: (parts) => runGenerator(tiny, parts),
      check: (soFar) => assert.equal(soFar, undefined),
    },
  ],
});

test("deliveries on one core are those of a second by the cores that the generator kept busy", () => {
  const audit = { ...sampleCell().audit, breaches: [] };
  const load = {
    seconds: 8,
    deliveredPerSecond: 300_000,
    generator: { ...sampleCell().generator, cpuCores: 0.75 },
    audit,
  };
  assert.deepEqual(
    generatorFigures(load).map(({ value, unit }) => `${value} ${unit}`),
    ["8 s", "300000 per second", "0.75 cores", "400000 per second", "1 "],
  );
});

test("a run whose audit fails has not passed", () => {
  const { environment, startedAt } = sampleRun();
  const document = (passed: boolean) => {
    const { seconds, deliveredPerSecond, generator: own, audit } = sampleCell();
    const figures = generatorFigures({
      seconds,
      deliveredPerSecond,
      generator: own,
      audit: { ...audit, breaches: [], passed },
    });
    return { schemaVersion: 1, benchmark: "generator", startedAt, environment, figures } as const;
  };
  assert.deepEqual([generator.passed?.(document(true)), generator.passed?.(document(false))], [true, false]);
});
