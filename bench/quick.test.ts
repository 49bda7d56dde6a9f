import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../core/platform/log.ts";
import { preset } from "../loadgen/workload.ts";
import { runQuick } from "./quick.ts";
import { resultsSchema } from "./results.ts";

test("quick measures a cell for each server count and strategy, and audits it", async () => {
  const workload = preset("rooms", {
    clients: 12,
    groups: [{ count: 3, sizes: { kind: "fixed", size: 4 } }],
    arrivals: { kind: "poisson", ratePerSecond: 60 },
    keyPairs: 1,
    churn: { awayShare: 0.2, awaySeconds: 0.3, removedShare: 0.3, removedSeconds: 0.2 },
    warmUpSeconds: 0.1,
    durationSeconds: 0.7,
  });
  assert.ok(workload.ok);
  const run = await runQuick({
    servers: [1, 2],
    strategies: ["round-robin", "two-choices"],
    workload: workload.value,
    transport: "uws",
    log: silentLog,
    signal: new AbortController().signal,
  });
  assert.deepEqual(
    run.cells.map(({ servers, strategy }) => `${servers} ${strategy}`),
    ["1 round-robin", "1 two-choices", "2 round-robin", "2 two-choices"],
  );
  for (const cell of run.cells) {
    assert.ok(cell.audit.passed, JSON.stringify(cell.audit.breaches));
    assert.equal(
      cell.connectionsPerServer.reduce((sum, count) => sum + count, 0),
      12,
    );
    assert.ok(cell.deliveredPerSecond > 0 && cell.serverCpuMicrosPerDelivery > 0);
  }
  assert.ok(run.cells[2]?.crossServerCopiesPerMessage, "messages cross between two servers");
  resultsSchema.parse(run);
});
