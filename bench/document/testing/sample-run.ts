import { preset } from "../../../loadgen/workload/workload.ts";
import type { Cell, CellsDocument, Pilot } from "../cells-document.ts";

const quantiles = { p50: 3, p90: 6, p99: 12, p999: 20, max: 31 };

/** A cell with made-up figures, for tests of tables and sentences. */
export function sampleCell(of: Partial<Cell> = {}): Cell {
  return {
    servers: 2,
    strategy: "random",
    transport: "uws",
    seconds: 6,
    offeredPerSecond: 250,
    deliveredPerSecond: 4800,
    ackMs: quantiles,
    deliveryMs: { ...quantiles, uncorrected: quantiles },
    serverCpuMicrosPerDelivery: 40,
    databaseCpuMicrosPerDelivery: 20,
    connectionsPerServer: [90, 110],
    imbalance: { maxOverMean: 1.1, cv: 0.1, jain: 0.99 },
    crossServerCopiesPerMessage: 1,
    audit: {
      sent: 100,
      acked: 100,
      expected: 2000,
      delivered: 2000,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      undecryptable: 0,
      trespassing: 0,
      outOfTurn: 0,
      notStored: 0,
      passed: true,
      breaches: [],
    },
    generator: { cpuCores: 0.3, lateP99Ms: 1, loopLagP99Ms: 2 },
    machine: { otherCpuCores: 0.2, stolenCpuCores: 0 },
    failures: {},
    valid: true,
    invalidReasons: [],
    earlierTries: [],
    ...of,
  };
}

/** A run of such cells. */
export function sampleRun(cells: readonly Cell[] = [sampleCell()], of: Partial<CellsDocument> = {}): CellsDocument {
  const workload = preset("rooms");
  if (!workload.ok) throw new Error(workload.reason);
  return {
    schemaVersion: 1,
    benchmark: "quick",
    startedAt: "2026-01-02T03:04:05.678Z",
    environment: {
      cpuModel: "a processor",
      cpuCount: 2,
      cpuLimitCores: null,
      memoryBytes: 2 ** 33,
      os: "Linux x64",
      kernel: "6.1",
      node: "v20",
      postgres: "18",
      dependencies: { ws: "8" },
      commit: null,
      durability: { synchronousCommit: "on", fsync: "on", filesystem: "ext4" },
      loadAverage: 0.1,
    },
    workload: workload.value,
    simulation: ["not people"],
    pilot: samplePilot(),
    cells: [...cells],
    failed: [],
    ...of,
  };
}

/** A pilot that held 500 messages a second and tried no higher rate. */
export function samplePilot(of: Partial<Pilot> = {}): Pilot {
  return {
    servers: 4,
    strategy: "random",
    rungs: [{ ratePerSecond: 500, held: true, reasons: [], deliveryP99Ms: 12 }],
    heldPerSecond: 500,
    share: 0.5,
    ratePerSecondMin: 31.25,
    ratePerSecondMax: 250,
    ratePerSecond: 250,
    failure: null,
    audit: sampleCell().audit,
    ...of,
  };
}
