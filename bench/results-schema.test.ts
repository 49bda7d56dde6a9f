import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { projectRoot } from "../core/platform/project-root.ts";
import { sampleCell, sampleRun } from "./document/testing/sample-run.ts";
import { resultsJsonSchema, resultsSchema } from "./results-schema.ts";

const file = path.join(projectRoot, "bench/results.schema.json");
const schema: object = JSON.parse(readFileSync(file, "utf8"));
const validate = new Ajv2020({ strict: false, formats: { "date-time": true } }).compile(schema);

test("results.schema.json is the schema of the documents that runs write", () => {
  assert.deepEqual(
    schema,
    JSON.parse(JSON.stringify(resultsJsonSchema())),
    "npm run schema brings the file up to date",
  );
});

test("results.schema.json accepts a document that the writer accepts", () => {
  const run: unknown = JSON.parse(JSON.stringify(resultsSchema.parse(sampleRun())));
  assert.ok(validate(run), JSON.stringify(validate.errors));
});

test("both refuse a document with a figure that is missing, unknown or negative", () => {
  const { ackMs: _, ...withoutAck } = sampleCell();
  const broken: unknown[] = [
    { ...sampleRun(), cells: [withoutAck] },
    { ...sampleRun(), cells: [{ ...sampleCell(), more: 1 }] },
    { ...sampleRun(), cells: [{ ...sampleCell(), deliveredPerSecond: -1 }] },
    { ...sampleRun(), environment: {} },
    { ...sampleRun(), schemaVersion: 2 },
    { ...sampleRun(), benchmark: "slow" },
  ];
  for (const run of broken) {
    assert.equal(resultsSchema.safeParse(run).success, false);
    assert.equal(validate(run), false);
  }
});
