import type { TlsTrust } from "../core/client/tls-trust.ts";
import type { IdentityKeyPairs } from "../core/e2ee/identity.ts";
import { cpuSecondsBetween, type DeploymentReading, listServers, readDeployment } from "../loadgen/deployment-probe.ts";
import { generateLoad, type Progress } from "../loadgen/generator.ts";
import type { Accounts } from "../loadgen/thread-protocol.ts";
import type { Workload } from "../loadgen/workload.ts";
import { imbalanceOf } from "./imbalance.ts";
import type { Cell } from "./results.ts";

export interface CellOptions {
  readonly target: string;
  /** Where the deployment is reached by TLS. */
  readonly tls?: TlsTrust | undefined;
  readonly workload: Workload;
  readonly accounts: Accounts;
  readonly keyPairs: readonly IdentityKeyPairs[];
  readonly strategy: string;
  readonly transport: "uws" | "ws";
  /** Seconds of CPU that the database has used so far, where that can be told. */
  databaseCpuSeconds?(): number | undefined;
  onProgress?(progress: Progress): void;
  readonly signal?: AbortSignal | undefined;
}

/** Puts a workload on a deployment, and reads on both sides what it cost. */
export async function measureCell(options: CellOptions): Promise<Cell> {
  const { target, tls, workload, strategy, transport, databaseCpuSeconds } = options;
  const servers = await listServers(target, tls);
  const readings: DeploymentReading[] = [];
  const database: (number | undefined)[] = [];
  const load = await generateLoad({
    ...options,
    onMeasure: async () => {
      readings.push(await readDeployment(servers, tls));
      database.push(databaseCpuSeconds?.());
    },
  });
  const [before, after] = readings as [DeploymentReading, DeploymentReading];
  const deliveries = load.deliveredPerSecond * workload.durationSeconds;
  const micros = (cpuSeconds: number) => (deliveries === 0 ? 0 : (cpuSeconds * 1e6) / deliveries);
  const since = (of: (server: DeploymentReading["servers"][number]) => number) =>
    after.servers.reduce((sum, server) => sum + of(server), 0) -
    before.servers.reduce((sum, server) => sum + of(server), 0);
  const acknowledged = since((server) => server.acknowledged);
  const connectionsPerServer = before.servers.map((server) => server.connections);
  const [databaseBefore, databaseAfter] = database;
  return {
    servers: servers.size,
    strategy,
    transport,
    offeredPerSecond: load.offeredPerSecond,
    deliveredPerSecond: load.deliveredPerSecond,
    ackMs: load.ackMs ?? null,
    deliveryMs: load.deliveryMs ?? null,
    serverCpuMicrosPerDelivery: micros(cpuSecondsBetween(before, after)),
    databaseCpuMicrosPerDelivery:
      databaseBefore === undefined || databaseAfter === undefined ? null : micros(databaseAfter - databaseBefore),
    connectionsPerServer,
    imbalance: imbalanceOf(connectionsPerServer),
    crossServerCopiesPerMessage: acknowledged === 0 ? 0 : since((server) => server.crossServerCopies) / acknowledged,
    audit: { ...load.audit, breaches: [...load.audit.breaches] },
    generator: load.generator,
    failures: load.failures,
    valid: load.valid,
    invalidReasons: [...load.invalidReasons],
  };
}
