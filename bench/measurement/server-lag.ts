import { readDeployment } from "../../loadgen/recorder/deployment-probe.ts";

/**
 * The 99th percentile of the event loop's lag since the last call, in milliseconds, of the server where it was longest. Each call
 * begins a new period at the servers.
 */
export async function loopLagP99Ms(servers: ReadonlyMap<string, URL>): Promise<number> {
  const { servers: readings } = await readDeployment(servers);
  return Math.max(...readings.map((of) => of.loopLagP99Ms));
}
