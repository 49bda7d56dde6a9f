import { readDeployment } from "../../loadgen/recorder/deployment-probe.ts";

/**
 * The 99th percentile of the event loop's lag since the last call, in milliseconds, of the server where it was longest. Each call
 * begins a new period at the servers.
 */
async function loopLagP99Ms(servers: ReadonlyMap<string, URL>): Promise<number> {
  const { servers: readings } = await readDeployment(servers);
  return Math.max(...readings.map((of) => of.loopLagP99Ms));
}

/** Does the work; answers its result with the lag while it was done. */
export async function withLag<T>(
  servers: ReadonlyMap<string, URL>,
  work: () => Promise<T>,
  read = loopLagP99Ms,
): Promise<{ readonly done: T; readonly lagMs: number }> {
  await read(servers); // Begins a new period.
  const done = await work();
  return { done, lagMs: await read(servers) };
}
