import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../core/platform/log.ts";
import { resultsSchema, type ScaleDocument } from "../report/results.ts";
import { figuresTable } from "../report/tables.ts";
import { sharedLaboratory } from "../started/testing/shared-laboratory.ts";
import { runConnections, runFiles, runGenerator, runLogins } from "./scale.ts";

const options = { log: silentLog, openLaboratory: sharedLaboratory, signal: new AbortController().signal };

/** What a run says under this name; the run is one that can be written down and shown. */
function figureOf(run: ScaleDocument, name: string): number | undefined {
  assert.ok(run.figures.length > 2);
  assert.match(figuresTable(run), /value/);
  resultsSchema.parse(run);
  return run.figures.find((figure) => figure.name === name)?.value;
}

test("connections counts the connections that it measures", async () => {
  const run = await runConnections({ ...options, connections: 20, quietSeconds: 0.1 });
  assert.equal(figureOf(run, "logged-in connections"), 20);
});

test("logins all get in", async () => {
  const run = await runLogins({ ...options, perSecond: 20, seconds: 0.5 });
  assert.equal(figureOf(run, "logins failed or refused"), 0);
});

test("the load generator audits what it is measured with", async () => {
  const run = await runGenerator({ ...options, clients: 50, ratePerSecond: 100, seconds: 0.5 });
  assert.equal(figureOf(run, "audit passed"), 1);
});

test("files go to the server and back", async () => {
  const run = await runFiles({ ...options, mebibytes: 0.2, atOnce: 2, rounds: 1 });
  assert.ok((figureOf(run, "download, together") ?? 0) > 0);
});
