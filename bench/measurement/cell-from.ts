import type { LoadResult } from "../../loadgen/generator.ts";
import { cpuSecondsBetween, type DeploymentReading } from "../../loadgen/recorder/deployment-probe.ts";
import type { InvalidReason } from "../../loadgen/recorder/validity.ts";
import type { Workload } from "../../loadgen/workload/workload.ts";
import type { CellTry } from "../document/cells-document.ts";
import { imbalanceOf } from "../statistics/imbalance.ts";
import { type MachineReading, othersBetween } from "../statistics/machine-load.ts";

/** What servers, database, generator and machine have used by a moment. */
export interface Reading {
  readonly deployment: DeploymentReading;
  /** Undefined where the database's use cannot be read. */
  readonly databaseCpuSeconds: number | undefined;
  readonly generatorCpuSeconds: number;
  readonly machine: MachineReading;
}

export interface MeasuredCell {
  readonly workload: Pick<Workload, "clients">;
  readonly strategy: string;
  readonly transport: "uws" | "ws";
  readonly servers: number;
  readonly connectionsPerServer: number[];
  readonly load: LoadResult;
  /** At the beginning and at the end of the measured time. */
  readonly before: Reading;
  readonly after: Reading;
}

/** The figures of a cell: what a delivery cost, and whether they count. */
export function cellFrom(measured: MeasuredCell): CellTry {
  const { workload, strategy, transport, servers, connectionsPerServer, load, before, after } = measured;
  const deliveries = load.deliveredPerSecond * load.seconds;
  const micros = (cpuSeconds: number) => (deliveries === 0 ? 0 : (cpuSeconds * 1e6) / deliveries);
  const since = (of: (server: DeploymentReading["servers"][number]) => number) =>
    after.deployment.servers.reduce((sum, server) => sum + of(server), 0) -
    before.deployment.servers.reduce((sum, server) => sum + of(server), 0);
  const acknowledged = since((server) => server.acknowledged);
  const cpu = cpuBetween(before, after);
  const invalidReasons = [...load.invalidReasons, ...missingConnections(connectionsPerServer, workload.clients)];
  return {
    servers,
    strategy,
    transport,
    seconds: load.seconds,
    offeredPerSecond: load.offeredPerSecond,
    deliveredPerSecond: load.deliveredPerSecond,
    ackMs: load.ackMs ?? null,
    deliveryMs: load.deliveryMs ?? null,
    serverCpuMicrosPerDelivery: micros(cpu.servers),
    databaseCpuMicrosPerDelivery: cpu.database === undefined ? null : micros(cpu.database),
    connectionsPerServer,
    imbalance: imbalanceOf(connectionsPerServer),
    crossServerCopiesPerMessage: acknowledged === 0 ? 0 : since((server) => server.crossServerCopies) / acknowledged,
    audit: { ...load.audit, breaches: [...load.audit.breaches] },
    generator: load.generator,
    failures: load.failures,
    // Unknown if the database is not ours: the servers may then be on other machines.
    machine: othersBetween(
      before.machine,
      after.machine,
      cpu.database === undefined ? undefined : cpu.servers + cpu.database + cpu.generator,
    ),
    valid: invalidReasons.length === 0,
    invalidReasons,
  };
}

function cpuBetween(before: Reading, after: Reading) {
  const [then, now] = [before.databaseCpuSeconds, after.databaseCpuSeconds];
  return {
    servers: cpuSecondsBetween(before.deployment, after.deployment),
    database: then !== undefined && now !== undefined ? now - then : undefined,
    generator: after.generatorCpuSeconds - before.generatorCpuSeconds,
  };
}

/** Why a cell is invalid whose servers count fewer connections than there are clients: they do not have the whole load. */
export function missingConnections(connectionsPerServer: readonly number[], clients: number): InvalidReason[] {
  const connections = connectionsPerServer.reduce((sum, count) => sum + count, 0);
  if (connections >= clients) return [];
  const detail = `the servers count ${connections} connections of ${clients} clients`;
  return [{ code: "connections_missing", detail }];
}
