import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../core/platform/log.ts";
import { resultsSchema } from "../report/results.ts";
import { ingestTables } from "../report/tables.ts";
import { sharedLaboratory } from "../started/testing/shared-laboratory.ts";
import { runIngest } from "./ingest.ts";

test("ingest measures the writer, a bare COPY and where the two ways of committing cross", async () => {
  const run = await runIngest({
    rounds: 1,
    seconds: 0.1,
    payloadBytes: 200,
    groups: 50,
    crossoverRows: [1, 20],
    log: silentLog,
    openLaboratory: sharedLaboratory,
    signal: new AbortController().signal,
  });
  assert.equal(run.crossover.length, 4);
  for (const { rowsPerSecond } of run.saturated) assert.ok(rowsPerSecond > 0);
  assert.match(ingestTables(run), /bare copy/);
  resultsSchema.parse(run);
});
