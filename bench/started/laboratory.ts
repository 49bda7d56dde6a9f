import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Durability } from "../../core/cluster/deployment.ts";
import { type ServeConfig, serveSettings } from "../../core/cluster/serve-settings.ts";
import type { IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import { readConfig } from "../../core/platform/config.ts";
import type { Log } from "../../core/platform/log.ts";
import { Database } from "../../core/store/database.ts";
import { EmbeddedPostgres } from "../../core/store/embedded/embedded-postgres.ts";
import { writablePlace } from "../../core/store/embedded/place.ts";
import { makeKeyPairs, sharedKeyPair } from "../../loadgen/users/shared-key-pairs.ts";
import type { Environment } from "../document/document.ts";
import { readEnvironment } from "../document/environment.ts";
import { processTreeCpuSeconds } from "./process-usage.ts";

/** The durability in results of benchmarks that store nothing. */
const noDurability: Durability = { postgres: "not used", synchronousCommit: "not used", fsync: "not used" };

/** What a run is given to open its laboratory with. */
export interface LaboratoryOptions {
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  /** Opens another laboratory than {@link Laboratory.open}, which starts a database server and makes keys for the run. */
  readonly openLaboratory?: (log: Log, keyPairs: number, signal?: AbortSignal) => Promise<Laboratory>;
}

/** Opens the laboratory of one run. */
export function openLaboratory(options: LaboratoryOptions, keyPairs: number): Promise<Laboratory> {
  return (options.openLaboratory ?? Laboratory.open)(options.log, keyPairs, options.signal);
}

export interface LaboratoryParts {
  readonly postgres: Pick<EmbeddedPostgres, "url" | "pid" | "stop">;
  readonly directory: string;
  readonly log: Log;
  readonly keyPairs: readonly IdentityKeyPairs[];
  /** The machine's load average before the run started anything. */
  readonly loadAverage: number;
}

/** A server's settings, with the database and the secret that a laboratory has made for it. */
export type LaboratoryConfig = ServeConfig & { readonly database: string; readonly secretFile: string };

/** What all cells of a benchmark share: a database server, and keys for the simulated users. */
export class Laboratory {
  readonly #postgres: LaboratoryParts["postgres"];
  readonly #directory: string;
  readonly #log: Log;
  readonly #loadAverage: number;
  readonly keyPairs: readonly IdentityKeyPairs[];
  #databases = 0;

  constructor(parts: LaboratoryParts) {
    this.#postgres = parts.postgres;
    this.#directory = parts.directory;
    this.#log = parts.log;
    this.keyPairs = parts.keyPairs;
    this.#loadAverage = parts.loadAverage;
  }

  static async open(log: Log, keyPairs: number, signal?: AbortSignal): Promise<Laboratory> {
    const [loadAverage = 0] = os.loadavg();
    const directory = mkdtempSync(path.join(writablePlace(), `bench-${process.pid}-`));
    const [postgres, keyPairsMade] = await Promise.all([
      EmbeddedPostgres.start({ directory, ephemeral: true, log, signal }),
      makeKeyPairs(keyPairs),
    ]);
    return new Laboratory({ postgres, directory, log, keyPairs: keyPairsMade, loadAverage });
  }

  /** The directory of the database's files. */
  get directory(): string {
    return this.#directory;
  }

  /** Simulated users share the key pairs, in turn. */
  keyPairOf(user: number): IdentityKeyPairs {
    return sharedKeyPair(this.keyPairs, user);
  }

  /** The machine and the versions, with the load average before the run started anything. */
  environment(durability: Durability = noDurability): Environment {
    return { ...readEnvironment(durability, this.#directory), loadAverage: this.#loadAverage };
  }

  /** CPU seconds that the database has used; undefined where they cannot be read. */
  databaseCpuSeconds(): number | undefined {
    return this.#postgres.pid === undefined ? undefined : processTreeCpuSeconds(this.#postgres.pid);
  }

  /** Creates an empty database; answers its URL. */
  async freshDatabase(): Promise<string> {
    this.#databases++;
    const name = `cell_${randomBytes(6).toString("hex")}`;
    const admin = new Database(this.#postgres.url(), { connectionsMax: 1, log: this.#log });
    try {
      await admin.query({ text: `CREATE DATABASE ${name}` });
    } finally {
      await admin.close();
    }
    return this.#postgres.url(name);
  }

  /** Settings for a server under test, with a fresh database, and without the limits that a benchmark would reach. */
  async serveConfig(of: Partial<ServeConfig>): Promise<LaboratoryConfig> {
    const database = await this.freshDatabase();
    const secretFile = path.join(this.#directory, `secret-${this.#databases}.json`);
    const flags = {
      port: 0,
      database,
      secretFile,
      sendsPerSecond: 1e6,
      sendBurst: 1e6,
      failedLoginsPerMinute: 1e6,
      failedLoginBurst: 1e6,
      logLevel: "warn",
      ...of,
    };
    const config = readConfig(serveSettings, { flags, environment: {} });
    if (!config.ok) throw new Error(config.reason.join("; "));
    return { ...config.value, database, secretFile };
  }

  async close(): Promise<void> {
    await this.#postgres.stop();
  }
}
