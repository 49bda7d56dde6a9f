import path from "node:path";
import type { Log } from "../platform/log.ts";
import { availableTransport } from "../server/transport/open-transport.ts";
import { Database } from "../store/database.ts";
import { EmbeddedPostgres } from "../store/embedded/embedded-postgres.ts";
import { projectRoot } from "../store/embedded/place.ts";
import { migrate, readMigrations } from "../store/migrations.ts";
import { Cluster } from "./cluster.ts";
import { checkSecret, loadOrCreateSecret } from "./deployment-secret.ts";
import type { ServeConfig } from "./serve-settings.ts";

/** How commits are made durable, as every result states it. */
export interface Durability {
  readonly postgres: string;
  readonly synchronousCommit: string;
  readonly fsync: string;
}

/** A database and the servers on it. */
export interface Deployment {
  readonly cluster: Cluster;
  readonly durability: Durability;
  readonly transport: "uws" | "ws";
  /** Servers drain and stop, then the database, if it is ours. */
  stop(): Promise<void>;
}

export function serverMigrations() {
  return readMigrations(path.join(projectRoot, "sql/server"));
}

/** Starts everything that `fastchat serve` runs. */
export async function startDeployment(config: ServeConfig, log: Log): Promise<Deployment> {
  const dataDir = path.resolve(config.dataDir);
  const secret = await loadOrCreateSecret(config.secretFile ?? path.join(dataDir, "secret.json"));
  const embedded =
    config.database === undefined
      ? await EmbeddedPostgres.start({ directory: path.join(dataDir, "postgres"), ephemeral: false, log })
      : undefined;
  try {
    const databaseUrl = config.database ?? (embedded as EmbeddedPostgres).url();
    const database = new Database(databaseUrl, { connectionsMax: 2, log });
    let durability: Durability;
    try {
      const { version, ...modes } = await database.check();
      durability = { postgres: version, ...modes };
      const applied = await migrate(database, serverMigrations());
      if (applied.length > 0) log.info({ applied }, "the database is up to date");
      await checkSecret(database, secret);
    } finally {
      await database.close();
    }
    const transport = availableTransport(config.transport);
    if (transport !== config.transport) {
      log.warn(`uWebSockets.js has no binary for Node ${process.version} here; sockets are carried by ws instead`);
    }
    const cluster = await Cluster.start(
      {
        servers: config.servers,
        strategy: config.strategy,
        host: config.host,
        port: config.port,
        server: {
          transport,
          databaseUrl,
          databaseConnectionsMax: config.databaseConnectionsMax,
          tokenSecret: secret.token,
          tokenLifetimeMs: config.sessionDays * 24 * 3600 * 1000,
          limits: {
            connectionsMax: config.connectionsMax,
            sends: { perSecond: config.sendsPerSecond, burst: config.sendBurst },
            logins: { perSecond: config.failedLoginsPerMinute / 60, burst: config.failedLoginBurst },
          },
          backpressureBytesMax: config.backpressureBytesMax,
          idleSecondsMax: config.idleSecondsMax,
          ingest: {
            rowsMax: config.ingestRowsMax,
            bytesMax: config.ingestBytesMax,
            statementRowsMax: config.statementRowsMax,
          },
        },
        opaqueSecret: secret.opaque,
        offloadQueueMax: config.offloadQueueMax,
        logLevel: config.logLevel,
        seed: config.seed,
      },
      log,
    );
    return {
      cluster,
      durability,
      transport,
      async stop() {
        await cluster.stop();
        await embedded?.stop();
      },
    };
  } catch (cause) {
    await embedded?.stop();
    throw cause;
  }
}
