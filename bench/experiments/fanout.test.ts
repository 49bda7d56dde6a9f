import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../core/platform/log.ts";
import { resultsSchema } from "../report/results.ts";
import { fanoutTable } from "../report/tables.ts";
import { sharedLaboratory } from "../started/testing/shared-laboratory.ts";
import { availableArms, runFanout } from "./fanout.ts";

test("fanout measures every arm at every rate", async () => {
  const arms = availableArms();
  const run = await runFanout({
    arms,
    rates: [50, "saturated"],
    rounds: 1,
    clients: 4,
    groupSize: 2,
    payloadBytes: 128,
    durationSeconds: 0.2,
    warmUpSeconds: 0.1,
    log: silentLog,
    openLaboratory: sharedLaboratory,
    signal: new AbortController().signal,
  });
  assert.equal(run.points.length, arms.length * 2);
  for (const point of run.points) assert.ok(point.complete && point.deliveredPerSecond > 0, point.arm);
  assert.match(fanoutTable(run), /fastchat-ws at saturation/);
  resultsSchema.parse(run);
});
