import path from "node:path";
import { systemClock } from "../platform/clock.ts";
import { descriptorsOfProcess } from "../platform/descriptors.ts";
import { Failure, messageOf } from "../platform/failure.ts";
import type { Log } from "../platform/log.ts";
import { poolThreads } from "../platform/pool.ts";
import { availableTransport } from "../server/transport/open-transport.ts";
import { proxiesAt } from "../server/transport/proxies.ts";
import type { TlsFiles, TransportName } from "../server/transport/transport.ts";
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
  /** PEM of the certificate with that fingerprint, for clients that take a file. */
  readonly authorityFile: string | undefined;
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
  const transport = availableTransport(config.transport);
  const proxies = proxySettings(config, transport);
  const tls = readyTls(config, log);
  const sockets = socketPlan(config, log);
  const database = await prepareDatabase(config, log, signal);
  if (database.migrated.length > 0) log.info({ migrated: database.migrated }, "the database is up to date");
  try {
    if (transport !== config.transport) {
      log.warn(`uWebSockets.js has no binary for Node ${process.version} here; sockets are carried by ws instead`);
    }
    const options = clusterOptions(config, { transport, proxies, database, tls: tls.files, sockets });
    const cluster = await Cluster.start(options, log);
    if (signal?.aborted) await cluster.stop();
    assertGoesOn(signal);
    return {
      cluster,
      authorityFingerprint: tls.authorityFingerprint,
      authorityFile: tls.authorityFile,
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

type ProxySettings = Pick<ClusterOptions, "publicUrl" | "trustedProxies">;

/** Checks the settings about proxies; see {@link ClusterOptions}. */
function proxySettings(
  { publicUrl, trustedProxies = "", servers }: ServeConfig,
  transport: TransportName,
): ProxySettings {
  if (publicUrl !== undefined && !/^(https?|wss?):\/\/[^/?#]+[^?#]*$/.test(publicUrl)) {
    throw new Failure("public_url_invalid", `--public-url ${publicUrl}: that is no URL`, "write https://host/path");
  }
  const trusted = trustedProxies.split(",").map((place) => place.trim());
  const places = trusted.filter((place) => place !== "");
  if (!proxiesAt(places)) {
    const detail = `--trusted-proxies ${trustedProxies}: these are no addresses`;
    throw new Failure("trusted_proxies_invalid", detail, "write addresses and networks, such as 127.0.0.1,10.0.0.0/8");
  }
  const tellsApart = publicUrl?.includes("{server}") === true;
  if (transport === "ws" && servers > 1 && (publicUrl === undefined ? places.length > 0 : !tellsApart)) {
    const detail =
      "over ws each of several servers takes its own sockets, and clients behind a proxy are not sent to them";
    throw new Failure(
      "public_url_incomplete",
      detail,
      "write {server} into --public-url, and have the proxy pass it on",
    );
  }
  return { publicUrl: publicUrl?.replace(/\/+$/, ""), trustedProxies: places };
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
    proxies,
    database,
    tls,
    sockets,
  }: {
    transport: TransportName;
    proxies: ProxySettings;
    database: PreparedDatabase;
    tls: TlsFiles | undefined;
    sockets: SocketPlan;
  },
): ClusterOptions {
  const { url, secret, durability } = database;
  return {
    servers: config.servers,
    strategy: config.strategy,
    host: config.host,
    publicHost: config.publicHost ?? config.host,
    ...proxies,
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
