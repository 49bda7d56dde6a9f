import { type ConfigOf, setting } from "../platform/config.ts";
import { countedPortMax } from "../platform/free-port.ts";
import { logLevels } from "../platform/log.ts";
import { transportNames } from "../server/transport/transport.ts";
import { strategyNames } from "./assigning/strategies.ts";

/** The settings of `fastchat serve`. */
export const serveSettings = {
  host: setting.text({ default: "127.0.0.1", placeholder: "address", help: "address to listen on" }),
  port: setting.integer({
    default: 7400,
    min: 0,
    max: countedPortMax,
    help: "port that clients know; of several servers, server i also listens on port + 1 + i, which clients must reach too: they are sent there; 0 lets the system choose",
  }),
  publicHost: setting.optionalText({
    placeholder: "name",
    help: "host name under which clients reach this machine, if not the address to listen on or the one they asked for",
  }),
  publicUrl: setting.optionalText({
    placeholder: "url",
    help: "where clients reach the servers behind a proxy, such as https://chat.example/fastchat; {server} in it stands for a server's name (s0, s1 …), if the proxy tells them apart",
  }),
  trustedProxies: setting.optionalText({
    placeholder: "addresses",
    help: "proxies whose X-Forwarded-For, -Proto, -Host and -Prefix are believed: addresses and networks, such as 127.0.0.1,10.0.0.0/8",
  }),
  servers: setting.integer({ default: 1, min: 1, max: 64, help: "chat servers, each a thread of this process" }),
  strategy: setting.choice({
    default: "round-robin",
    values: strategyNames,
    help: "which server a new client goes to",
  }),
  transport: setting.choice({ default: "uws", values: transportNames, help: "what carries the sockets" }),
  tls: setting.choice({
    default: "off",
    values: ["off", "dev"],
    help: "dev: a certificate from an authority of this machine's own, whose fingerprint is printed for clients to pin",
  }),
  tlsCert: setting.optionalText({
    placeholder: "file",
    help: "certificate with its chain, in PEM; SIGHUP reads it again",
  }),
  tlsKey: setting.optionalText({ placeholder: "file", help: "the certificate's private key, in PEM" }),
  insecure: setting.switch({ help: "listen in clear although others may read along" }),
  database: setting.optionalText({
    placeholder: "url",
    help: "PostgreSQL 14 or later to use (postgres://…) instead of an embedded one",
  }),
  dataDir: setting.text({
    default: ".fastchat/data",
    placeholder: "directory",
    help: "where the embedded database and the deployment's secret are kept",
  }),
  secretFile: setting.optionalText({
    placeholder: "file",
    help: "the deployment's secret, if not in the data directory; made if missing",
  }),
  connectionsMax: setting.integer({ default: 50_000, min: 1, max: 1_000_000, help: "sockets of one server" }),
  sendsPerSecond: setting.number({ default: 50, min: 0.1, max: 1e6, help: "messages of one user, in the long run" }),
  sendBurst: setting.integer({ default: 200, min: 1, max: 1e6, help: "messages of one user at once" }),
  failedLoginsPerMinute: setting.number({ default: 10, min: 0.1, max: 1e6, help: "of one name, in the long run" }),
  failedLoginBurst: setting.integer({ default: 10, min: 1, max: 1e6, help: "failed logins of one name at once" }),
  sessionDays: setting.number({ default: 30, min: 0.001, max: 3650, unit: "days", help: "how long a login lasts" }),
  backpressureBytesMax: setting.integer({
    default: 1024 * 1024,
    min: 64 * 1024,
    max: 1024 * 1024 * 1024,
    unit: "bytes",
    help: "what may pile up for a socket that does not read, before it is cut off",
  }),
  idleSecondsMax: setting.integer({
    default: 60,
    min: 8,
    max: 960,
    unit: "seconds",
    help: "a socket that answers no ping for this long is gone",
  }),
  databaseConnectionsMax: setting.integer({ default: 4, min: 1, max: 100, help: "database connections of one server" }),
  ingestRowsMax: setting.integer({ default: 8192, min: 1, max: 1e6, help: "messages that may wait for the database" }),
  ingestBytesMax: setting.integer({
    default: 8 * 1024 * 1024,
    min: 128 * 1024,
    max: 1024 * 1024 * 1024,
    unit: "bytes",
    help: "bytes of messages that may wait for the database",
  }),
  statementRowsMax: setting.integer({
    default: 100,
    min: 0,
    max: 100_000,
    help: "batches up to this size go in one statement, larger ones by COPY",
  }),
  commitSpacingMs: setting.number({
    default: 4,
    min: 0,
    max: 1000,
    unit: "ms",
    help: "from the start of one commit to the start of the next, at least",
  }),
  offloadQueueMax: setting.integer({
    default: 1000,
    min: 1,
    max: 1e6,
    help: "logins that may wait for the crypto pool",
  }),
  attachmentBytesMax: setting.integer({
    default: 25 * 1024 * 1024,
    min: 0,
    max: 4 * 1024 * 1024 * 1024,
    unit: "bytes",
    help: "largest file that may be attached to a message",
  }),
  attachmentQuotaBytes: setting.integer({
    default: 1024 * 1024 * 1024,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    unit: "bytes",
    help: "all attached files of one user together",
  }),
  expirySeconds: setting.number({
    default: 60,
    min: 0.05,
    max: 86_400,
    unit: "seconds",
    help: "how often what has expired is deleted",
  }),
  whileUsed: setting.optionalText({
    placeholder: "file",
    help: "end by itself once nobody is connected, and nothing has touched this file, for the unused seconds",
  }),
  unusedSeconds: setting.integer({ default: 30, min: 1, max: 86_400, unit: "seconds", help: "see while-used" }),
  seed: setting.integer({ default: 1, min: 0, max: 2 ** 31, help: "of the random choices that strategies make" }),
  logLevel: setting.choice({ default: "info", values: logLevels, help: "least severe log line to write" }),
} as const;

export type ServeConfig = ConfigOf<typeof serveSettings>;
