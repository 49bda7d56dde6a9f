import { readDeployment } from "../../loadgen/recorder/deployment-probe.ts";

/**
 * 99th percentile of the event loop's lag since this was last asked, in milliseconds, at the server where it was longest: to
 * ask is what begins another period.
 */
export async function loopLagP99Ms(servers: ReadonlyMap<string, URL>): Promise<number> {
  const { servers: readings } = await readDeployment(servers);
  return Math.max(...readings.map((of) => of.loopLagP99Ms));
}
