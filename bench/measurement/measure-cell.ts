import type { TlsTrust } from "../../core/client/index.ts";
import type { IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import { ownCpuSeconds } from "../../core/platform/cpu-seconds.ts";
import { generateLoad } from "../../loadgen/generator.ts";
import { listAllServers, listServers, readDeployment } from "../../loadgen/recorder/deployment-probe.ts";
import type { Progress } from "../../loadgen/threads/crew.ts";
import type { Accounts } from "../../loadgen/users/accounts.ts";
import type { Workload } from "../../loadgen/workload/workload.ts";
import type { CellTry } from "../document/cells-document.ts";
import { readMachine } from "../statistics/machine-load.ts";
import { cellFrom, type Reading } from "./cell-from.ts";

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
  return cellFrom({ workload, strategy, transport, servers: servers.size, connectionsPerServer, load, before, after });
}

async function read({ tls, databaseCpuSeconds }: CellOptions, servers: ReadonlyMap<string, URL>): Promise<Reading> {
  const deployment = await readDeployment(servers, tls);
  return {
    deployment,
    databaseCpuSeconds: databaseCpuSeconds?.(),
    generatorCpuSeconds: ownCpuSeconds(),
    machine: readMachine(),
  };
}
