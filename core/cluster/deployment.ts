import path from "node:path";
import { systemClock } from "../platform/clock.ts";
import { descriptorsOfProcess } from "../platform/descriptors.ts";
import { Failure, messageOf } from "../platform/failure.ts";
import type { Log } from "../platform/log.ts";
import { poolThreads } from "../platform/pool.ts";
import { availableTransport } from "../server/transport/open-transport.ts";
import type { TlsFiles } from "../server/transport/transport.ts";
import { Database } from "../store/database.ts";
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from "../store/embedded/embedded-postgres.ts";
import { migrate, serverMigrations } from "../store/migrations.ts";
import { checkSecret, type DeploymentSecret, loadOrCreateSecret } from "./deployment-secret.ts";
import { Cluster, type ClusterOptions } from "./launcher/cluster.ts";
import { type ServeConfig, serveSettings } from "./serve-settings.ts";
import { planSockets, type SocketPlan } from "./socket-plan.ts";
import { type PreparedTls, prepareTls } from "./tls/tls.ts";

/** How the database makes commits durable; every result states it. */
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
  /** The fingerprint that clients pin, where the certificate is from an authority of our own. */
  readonly authorityFingerprint: string | undefined;
  /**
   * Reads the certificate's files again, for new connections; if they cannot be used, the old certificate stays. Undefined
   * without TLS.
   */
  readonly reloadCertificates: (() => void) | undefined;
  /** Drains and stops the servers, then the database, if it is embedded. */
  stop(): Promise<void>;
}

/** A database that is reachable and up to date, with the deployment's secret that goes with it. */
export interface PreparedDatabase {
  readonly url: string;
  readonly secret: DeploymentSecret;
  readonly durability: Durability;
  /** Migration steps that ran just now. */
  readonly migrated: readonly string[];
  /** Stops it, if it is embedded. */
  stop(): Promise<void>;
}

/** The database that a configuration names, or an embedded one. Fails with `interrupted` when the signal is aborted. */
export async function prepareDatabase(
  config: Pick<ServeConfig, "database" | "dataDir" | "secretFile">,
  log: Log,
  signal?: AbortSignal,
): Promise<PreparedDatabase> {
  const dataDir = path.resolve(config.dataDir);
  const secret = await loadOrCreateSecret(config.secretFile ?? path.join(dataDir, "secret.json"));
  const { url, stop } = await chosenDatabase(config.database, {
    directory: path.join(dataDir, "postgres"),
    log,
    signal,
  });
  // Without a bound on time: a migration may take long, and so may waiting for another server's.
  const database = new Database(url, { connectionsMax: 2, log, queryMsMax: 0 });
  try {
    const { version, ...modes } = await database.check();
    const migrated = await migrate(database, serverMigrations());
    await checkSecret(database, secret);
    assertGoesOn(signal);
    return {
      url,
      secret,
      durability: { postgres: version, ...modes },
      migrated,
      stop,
    };
  } catch (cause) {
    await stop();
    throw cause;
  } finally {
    await database.close();
  }
}

/** The database at this URL, or, without one, an embedded database, which it starts. */
async function chosenDatabase(
  url: string | undefined,
  embedded: Omit<EmbeddedPostgresOptions, "ephemeral">,
): Promise<Pick<PreparedDatabase, "url" | "stop">> {
  if (url !== undefined) return { url, stop: async () => {} };
  const postgres = await EmbeddedPostgres.start({ ...embedded, ephemeral: false });
  return { url: postgres.url(), stop: () => postgres.stop() };
}

/**
 * Starts everything that `fastchat serve` runs. Fails with `interrupted`, and leaves nothing running, when the signal is
 * aborted.
 */
export async function startDeployment(config: ServeConfig, log: Log, signal?: AbortSignal): Promise<Deployment> {
  const tls = readyTls(config, log);
  const sockets = socketPlan(config, log);
  const database = await prepareDatabase(config, log, signal);
  if (database.migrated.length > 0) log.info({ migrated: database.migrated }, "the database is up to date");
  try {
    const transport = availableTransport(config.transport);
    if (transport !== config.transport) {
      log.warn(`uWebSockets.js has no binary for Node ${process.version} here; sockets are carried by ws instead`);
    }
    const options = clusterOptions(config, { transport, database, tls: tls.files, sockets });
    const cluster = await Cluster.start(options, log);
    if (signal?.aborted) await cluster.stop();
    assertGoesOn(signal);
    return {
      cluster,
      authorityFingerprint: tls.authorityFingerprint,
      reloadCertificates: tls.files && (() => reload(config, cluster, log)),
      durability: database.durability,
      transport,
      async stop() {
        await cluster.stop();
        await database.stop();
      },
    };
  } catch (cause) {
    await database.stop();
    throw cause;
  }
}

function assertGoesOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Failure("interrupted", "the start was stopped", "start it again");
}

function readyTls(config: ServeConfig, log: Log): PreparedTls {
  const tls = prepareTls(config, new Date(systemClock.now()));
  const { authorityReplaced: cause, authorityFingerprint: pin } = tls;
  if (cause !== undefined)
    log.warn({ cause, pin }, "the authority of the data directory was no good: clients pin a new one");
  return tls;
}

function reload(config: ServeConfig, cluster: Cluster, log: Log): void {
  try {
    readyTls(config, log);
    cluster.reloadCertificates();
    log.info("the certificate was read again");
  } catch (cause) {
    log.error({ cause: messageOf(cause) }, "the certificate cannot be used; the old one stays");
  }
}

function socketPlan(config: ServeConfig, log: Log): SocketPlan {
  const descriptorsMax = descriptorsOfProcess()?.max;
  const plan = planSockets({ ...config, descriptorsMax, poolThreads: poolThreads() });
  const { notice } = plan;
  // A bound below the default is no fault of the person who started the servers, so it is no warning.
  if (notice && config.connectionsMax === serveSettings.connectionsMax.default) log.info(notice);
  else if (notice) log.warn(notice);
  return plan;
}

function clusterOptions(
  config: ServeConfig,
  {
    transport,
    database,
    tls,
    sockets,
  }: { transport: "uws" | "ws"; database: PreparedDatabase; tls: TlsFiles | undefined; sockets: SocketPlan },
): ClusterOptions {
  const { url, secret, durability } = database;
  return {
    servers: config.servers,
    strategy: config.strategy,
    host: config.host,
    publicHost: config.publicHost ?? config.host,
    port: config.port,
    server: {
      transport,
      tls,
      databaseUrl: url,
      databaseConnectionsMax: config.databaseConnectionsMax,
      tokenSecret: secret.token,
      tokenLifetimeMs: config.sessionDays * 24 * 3600 * 1000,
      limits: {
        connectionsMax: sockets.connectionsMax,
        sends: { perSecond: config.sendsPerSecond, burst: config.sendBurst },
        logins: { perSecond: config.failedLoginsPerMinute / 60, burst: config.failedLoginBurst },
      },
      backpressureBytesMax: config.backpressureBytesMax,
      idleSecondsMax: config.idleSecondsMax,
      ingest: {
        rowsMax: config.ingestRowsMax,
        bytesMax: config.ingestBytesMax,
        statementRowsMax: config.statementRowsMax,
        commitSpacingMs: config.commitSpacingMs,
      },
      attachments: { bytesMax: config.attachmentBytesMax, quotaBytes: config.attachmentQuotaBytes },
      expiryPeriodMs: config.expirySeconds * 1000,
    },
    descriptors: sockets.descriptors,
    durability,
    opaqueSecret: secret.opaque,
    offloadQueueMax: config.offloadQueueMax,
    logLevel: config.logLevel,
    seed: config.seed,
  };
}
