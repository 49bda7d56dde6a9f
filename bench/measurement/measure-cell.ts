import type { TlsTrust } from "../../core/client/index.ts";
import type { IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import { generateLoad } from "../../loadgen/generator.ts";
import {
  cpuSecondsBetween,
  type DeploymentReading,
  listAllServers,
  listServers,
  readDeployment,
} from "../../loadgen/recorder/deployment-probe.ts";
import type { InvalidReason } from "../../loadgen/recorder/validity.ts";
import type { Progress } from "../../loadgen/threads/crew.ts";
import type { Accounts } from "../../loadgen/users/accounts.ts";
import type { Workload } from "../../loadgen/workload/workload.ts";
import type { CellTry } from "../document/cells-document.ts";
import { imbalanceOf } from "../statistics/imbalance.ts";
import { type MachineReading, othersBetween, readMachine } from "../statistics/machine-load.ts";

export interface CellOptions {
  readonly target: string;
  /** How many servers the deployment must have; left out where that is unknown. */
  readonly servers?: number;
  /** For a deployment behind TLS. */
  readonly tls?: TlsTrust | undefined;
  readonly workload: Workload;
  readonly accounts: Accounts;
  readonly keyPairs: readonly IdentityKeyPairs[];
  readonly strategy: string;
  readonly transport: "uws" | "ws";
  /** CPU seconds that the database has used so far; undefined where they cannot be read. */
  databaseCpuSeconds?(): number | undefined;
  onProgress?(progress: Progress): void;
  readonly signal?: AbortSignal | undefined;
  /** Whether an interrupted cell has the figures of the time until then; if not, it fails with `interrupted`. */
  readonly cutShort?: boolean;
}

/** What servers, database, generator and machine have used by a moment. */
interface Reading {
  readonly deployment: DeploymentReading;
  readonly databaseCpuSeconds: number | undefined;
  readonly generatorCpuSeconds: number;
  readonly machine: MachineReading;
}

/** Puts a workload on a deployment, and reads what it cost the servers, the database and the generator. */
export async function measureCell(options: CellOptions): Promise<CellTry> {
  const { target, tls, workload, strategy, transport, signal } = options;
  const servers =
    options.servers === undefined
      ? await listServers(target, tls)
      : await listAllServers(target, { tls, count: options.servers, signal });
  let connectionsPerServer: number[] = [];
  const readings: Reading[] = [];
  const load = await generateLoad({
    ...options,
    onReady: async () => {
      const ready = await readDeployment(servers, tls);
      connectionsPerServer = ready.servers.map((server) => server.connections);
    },
    onMeasure: async () => {
      readings.push(await read(options, servers));
    },
  });
  const [before, after] = readings;
  if (!before || !after) throw new Error("the load ended without a measured time");
  const deliveries = load.deliveredPerSecond * load.seconds;
  const micros = (cpuSeconds: number) => (deliveries === 0 ? 0 : (cpuSeconds * 1e6) / deliveries);
  const since = (of: (server: DeploymentReading["servers"][number]) => number) =>
    after.deployment.servers.reduce((sum, server) => sum + of(server), 0) -
    before.deployment.servers.reduce((sum, server) => sum + of(server), 0);
  const acknowledged = since((server) => server.acknowledged);
  const cpu = cpuBetween(before, after);
  const invalidReasons = [...load.invalidReasons, ...missingConnections(connectionsPerServer, workload.clients)];
  return {
    servers: servers.size,
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

async function read({ tls, databaseCpuSeconds }: CellOptions, servers: ReadonlyMap<string, URL>): Promise<Reading> {
  const deployment = await readDeployment(servers, tls);
  const { user, system } = process.cpuUsage();
  return {
    deployment,
    databaseCpuSeconds: databaseCpuSeconds?.(),
    generatorCpuSeconds: (user + system) / 1e6,
    machine: readMachine(),
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
