import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../core/platform/log.ts";
import { preset } from "../loadgen/workload.ts";
import { availableArms, runFanout } from "./fanout.ts";
import { runIngest } from "./ingest.ts";
import { runMicroCrypto } from "./micro/crypto.ts";
import { microCryptoNotes, microCryptoTables } from "./micro/crypto-tables.ts";
import { runQuick } from "./quick.ts";
import { resultsSchema } from "./results.ts";
import { runConnections, runFiles, runGenerator, runLogins } from "./scale.ts";
import { fanoutTable, figuresTable, ingestTables } from "./tables.ts";

/** Each benchmark, as small as it gets, so that none of them rots; what it measures is no matter here. */
const log = silentLog;
const { signal } = new AbortController();

test("quick measures a cell for each server count and strategy, and audits it", async () => {
  const workload = preset("rooms", {
    clients: 12,
    groups: [{ count: 3, sizes: { kind: "fixed", size: 4 } }],
    arrivals: { kind: "poisson", ratePerSecond: 60 },
    churn: { awayShare: 0.2, awaySeconds: 0.3, removedShare: 0.3, removedSeconds: 0.2 },
    warmUpSeconds: 0.2,
    durationSeconds: 1,
  });
  assert.ok(workload.ok);
  const run = await runQuick({
    servers: [1, 2],
    strategies: ["round-robin", "two-choices"],
    workload: workload.value,
    transport: "uws",
    log,
    signal,
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

test("fanout measures every arm at every rate", async () => {
  const arms = availableArms();
  const run = await runFanout({
    arms,
    rates: [50, "saturated"],
    rounds: 1,
    clients: 10,
    groupSize: 5,
    payloadBytes: 128,
    durationSeconds: 0.5,
    warmUpSeconds: 0.2,
    log,
    signal,
  });
  assert.equal(run.points.length, arms.length * 2);
  for (const point of run.points) assert.ok(point.complete && point.deliveredPerSecond > 0, point.arm);
  assert.match(fanoutTable(run), /fastchat-uws at saturation/);
  resultsSchema.parse(run);
});

test("ingest measures the writer, a bare COPY and where the two ways of committing cross", async () => {
  const run = await runIngest({
    rounds: 1,
    seconds: 0.3,
    payloadBytes: 200,
    groups: 50,
    crossoverRows: [1, 20],
    log,
    signal,
  });
  assert.equal(run.crossover.length, 4);
  for (const { rowsPerSecond } of run.saturated) assert.ok(rowsPerSecond > 0);
  assert.match(ingestTables(run), /bare copy/);
  resultsSchema.parse(run);
});

test("connections, logins, generator and files give their figures", async () => {
  const runs = [
    await runConnections({ connections: 20, log, signal, quietSeconds: 0.2 }),
    await runLogins({ perSecond: 20, seconds: 1, log, signal }),
    await runGenerator({ ratePerSecond: 100, seconds: 1, log, signal }),
    await runFiles({ mebibytes: 0.2, atOnce: 2, rounds: 1, log, signal }),
  ];
  for (const run of runs) {
    assert.ok(run.figures.length > 2);
    assert.match(figuresTable(run), /value/);
    resultsSchema.parse(run);
  }
  const figureOf = (of: number, name: string) => runs[of]?.figures.find((figure) => figure.name === name)?.value;
  assert.equal(figureOf(0, "logged-in connections"), 20);
  assert.equal(figureOf(1, "logins failed or refused"), 0);
  assert.equal(figureOf(2, "audit passed"), 1);
  assert.ok((figureOf(3, "download, together") ?? 0) > 0);
});

test("micro crypto measures every operation by both ways, and says where the pool begins", async () => {
  const run = await runMicroCrypto({
    rounds: 1,
    seconds: 0.001,
    rsaBits: [1024],
    generatedBits: [512],
    fernetBytes: [100],
    wrapBatches: [1, 8],
    groupMembers: 20,
    wrapsPerTask: [5, 20],
    slow: false,
    signal,
  });
  for (const { operation, arms } of run.comparisons) {
    assert.ok(arms.length > 0, operation);
    for (const { arm, rounds, heldMicrosPerCall } of arms) {
      assert.ok(rounds.length === 1 && (rounds[0]?.calls ?? 0) > 0, `${operation} ${arm}`);
      assert.ok(heldMicrosPerCall.median > 0, `${operation} ${arm}`);
    }
  }
  const tables = microCryptoTables(run);
  for (const shown of ["unwrap, RSA-1024", "seal a message of 128 B", "server startLogin", "20 in all"]) {
    assert.ok(tables.includes(shown), shown);
  }
  assert.match(microCryptoNotes(run).join("\n"), /inlineWrapsMax is \d/);
  resultsSchema.parse(run);
});
