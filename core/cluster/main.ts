import { systemClock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { startDeployment } from "./deployment.ts";
import type { Cluster } from "./launcher/cluster.ts";
import { untilUnused } from "./local-server/while-used.ts";
import type { ServeConfig } from "./serve-settings.ts";

export interface ServeSurroundings {
  readonly log: Log;
  /** Prints a line for the person who started the program. */
  print(line: string): void;
  /** Aborted when the servers are to stop. */
  readonly signal: AbortSignal;
  /** Registers an action for each SIGHUP. */
  onHangUp(action: () => void): void;
}

/** `fastchat serve`: runs until its signal is aborted, then stops in good order. */
export async function serve(config: ServeConfig, { log, print, signal, onHangUp }: ServeSurroundings): Promise<void> {
  const deployment = await startDeployment(config, log, signal);
  const { cluster, transport, durability } = deployment;
  const servers = config.servers === 1 ? "1 server" : `${config.servers} servers, ${config.strategy}`;
  print(`FastChat serves at ${cluster.url} (${servers}, ${transport})`);
  print(
    `PostgreSQL ${durability.postgres}, synchronous_commit ${durability.synchronousCommit}, fsync ${durability.fsync}`,
  );
  if (deployment.authorityFingerprint) print(`clients pin: ${deployment.authorityFingerprint}`);
  if (deployment.authorityFile) print(`the authority's certificate, for other clients: ${deployment.authorityFile}`);
  if (deployment.reloadCertificates) onHangUp(deployment.reloadCertificates);
  print("Ctrl-C stops it");
  await untilEnd(config, cluster, signal);
  print("stopping: clients are asked to move, and messages that were taken in are committed");
  await deployment.stop();
  print("stopped");
}

async function untilEnd(
  { whileUsed: file, unusedSeconds }: ServeConfig,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  if (file !== undefined) {
    return untilUnused({ file, connections: () => cluster.connections }, unusedSeconds * 1000, systemClock, signal);
  }
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
