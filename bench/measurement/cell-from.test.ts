import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeploymentReading } from "../../loadgen/recorder/deployment-probe.ts";
import { sampleCell } from "../document/testing/sample-run.ts";
import { cellFrom, type MeasuredCell, missingConnections } from "./cell-from.ts";

type ServerReading = DeploymentReading["servers"][number];

const server = (name: string, of: Partial<ServerReading>): ServerReading => ({
  server: name,
  process: "host 1",
  cpuSeconds: 0,
  connections: 100,
  acknowledged: 0,
  deliveries: 0,
  crossServerCopies: 0,
  slowConsumers: 0,
  loopLagP99Ms: 1,
  residentBytes: 1,
  ...of,
});

/** Ten seconds in which 40,000 messages were delivered. */
function measured(of: Partial<MeasuredCell> = {}): MeasuredCell {
  const { offeredPerSecond, audit, generator } = sampleCell();
  const before = {
    deployment: {
      servers: [
        server("s0", { cpuSeconds: 7, acknowledged: 500, crossServerCopies: 300 }),
        server("s1", { process: "host 2", cpuSeconds: 3, acknowledged: 100, crossServerCopies: 100 }),
      ],
    },
    databaseCpuSeconds: 20,
    generatorCpuSeconds: 5,
    machine: { atMs: 1000, busySeconds: 100, stolenSeconds: 1 },
  };
  const after = {
    deployment: {
      servers: [
        server("s0", { cpuSeconds: 8.5, acknowledged: 1500, crossServerCopies: 800 }),
        server("s1", { process: "host 2", cpuSeconds: 3.5, acknowledged: 1100, crossServerCopies: 1600 }),
      ],
    },
    databaseCpuSeconds: 21,
    generatorCpuSeconds: 9,
    machine: { atMs: 11_000, busySeconds: 111, stolenSeconds: 3 },
  };
  return {
    workload: { clients: 200 },
    strategy: "random",
    transport: "uws",
    servers: 2,
    connectionsPerServer: [100, 100],
    load: {
      seconds: 10,
      offeredPerSecond,
      deliveredPerSecond: 4000,
      ackMs: undefined,
      deliveryMs: undefined,
      generator,
      failures: {},
      valid: true,
      invalidReasons: [],
      audit: { ...audit, breaches: [] },
    },
    before,
    after,
    ...of,
  };
}

test("a cell's figures are what was used in the measured time, by each delivery in it", () => {
  const cell = cellFrom(measured());
  // Servers: 1.5 + 0.5 s. Database: 1 s. 40,000 deliveries.
  assert.equal(cell.serverCpuMicrosPerDelivery, 50);
  assert.equal(cell.databaseCpuMicrosPerDelivery, 25);
  // 2,000 copies of 2,000 acknowledged messages.
  assert.equal(cell.crossServerCopiesPerMessage, 1);
  // 11 s of CPU in 10 s, of which servers, database and generator took 7.
  assert.deepEqual(cell.machine, { otherCpuCores: 0.4, stolenCpuCores: 0.2 });
});

test("what cannot be known, or has no deliveries, is not made up", () => {
  const { before, after, load } = measured();
  const unknown = cellFrom(measured({ after: { ...after, databaseCpuSeconds: undefined } }));
  assert.equal(unknown.databaseCpuMicrosPerDelivery, null);
  assert.equal(unknown.machine?.otherCpuCores, null);
  const idle = cellFrom(measured({ after: before, load: { ...load, deliveredPerSecond: 0 } }));
  assert.deepEqual([idle.serverCpuMicrosPerDelivery, idle.crossServerCopiesPerMessage], [0, 0]);
});

test("a cell is invalid for the load's reasons and for its own", () => {
  const late = { code: "sends_late", detail: "late" } as const;
  const { load } = measured();
  const cell = cellFrom(measured({ load: { ...load, invalidReasons: [late] }, connectionsPerServer: [100, 99] }));
  assert.equal(cell.valid, false);
  assert.deepEqual(
    cell.invalidReasons.map(({ code }) => code),
    ["sends_late", "connections_missing"],
  );
  assert.equal(cellFrom(measured()).valid, true);
});

test("a cell is invalid if its servers count fewer connections than there are clients, and valid if they count more", () => {
  assert.deepEqual(missingConnections([100, 100], 200), []);
  assert.deepEqual(missingConnections([100, 130], 200), []);
  const [missing] = missingConnections([100, 98], 200);
  assert.equal(missing?.code, "connections_missing");
  assert.match(missing?.detail ?? "", /198 connections of 200 clients/);
});

test("a cell has the load's own figures, and the balance of the connections when all users were connected", () => {
  const { load } = measured();
  const quantiles = { p50: 1, p90: 2, p99: 3, p999: 4, max: 5 };
  const deliveryMs = { p50: 6, p90: 7, p99: 8, p999: 9, max: 10, uncorrected: quantiles };
  const cell = cellFrom(measured({ load: { ...load, ackMs: quantiles, deliveryMs }, connectionsPerServer: [150, 50] }));
  assert.deepEqual([cell.ackMs, cell.deliveryMs], [quantiles, deliveryMs]);
  assert.deepEqual(
    [cell.seconds, cell.offeredPerSecond, cell.deliveredPerSecond],
    [10, load.offeredPerSecond, load.deliveredPerSecond],
  );
  assert.deepEqual([cell.connectionsPerServer, cell.imbalance.maxOverMean], [[150, 50], 1.5]);
});
