import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { Failure, messageOf } from "../platform/failure.ts";
import type { Log } from "../platform/log.ts";

/** A row as the driver gives it; the type argument of each query says which columns it selects. */
type Row = object;

export interface Query {
  /** Prepared under this name on each connection: parsed and planned once. */
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
}

export interface Queryable {
  query<T extends Row>(query: Query): Promise<T[]>;
}

/** What queries need of a database: a {@link Database}, or a test's double of one. */
export type DatabaseAccess = Pick<Database, "query" | "transaction" | "copy" | "copyOut">;

export interface DatabaseOptions {
  readonly connectionsMax: number;
  readonly log: Log;
  /** A statement that takes longer fails; 0 is no bound. */
  readonly queryMsMax?: number;
}

const queryMsMaxDefault = 30_000;

/**
 * A pool of connections to PostgreSQL 14 or later. `bigint` columns come as numbers (every id here is below 2^53), `bytea`
 * as `Buffer`, `timestamptz` as `Date`.
 */
export class Database implements Queryable {
  readonly url: string;
  readonly #pool: pg.Pool;

  constructor(url: string, options: DatabaseOptions) {
    this.url = url;
    this.#pool = new pg.Pool({ ...connectionOptions(url, options.queryMsMax), max: options.connectionsMax });
    // A connection has broken while nobody used it; the next query opens another.
    this.#pool.on("error", (cause) => options.log.debug({ cause: cause.message }, "an idle database connection broke"));
    // One breaks while it is lent, between two statements or behind a refusal: the next statement fails. Without a listener the
    // error would end the thread.
    this.#pool.on("connect", (client) =>
      client.on("error", (cause) => options.log.debug({ cause: cause.message }, "a lent database connection broke")),
    );
  }

  async query<T extends Row>(query: Query): Promise<T[]> {
    return rowsOf<T>(await this.#pool.query(query));
  }

  /** Streams rows in; all of them or, when it fails, none. */
  async copy(stream: Writable & pg.Submittable, pieces: Iterable<Uint8Array>): Promise<void> {
    await this.#lent((client) => pipeline(Readable.from(pieces, { objectMode: false }), client.query(stream)));
  }

  /** The rows of a query in COPY's binary form: as text, which the driver asks for otherwise, bytes would be twice as long. */
  async copyOut(query: string): Promise<Buffer> {
    return this.#lent(async (client) => {
      const pieces: Uint8Array[] = [];
      const stream = client.query(copyTo(`COPY (${query}) TO STDOUT WITH (FORMAT binary)`));
      for await (const piece of stream) pieces.push(piece);
      return Buffer.concat(pieces);
    });
  }

  /** Runs `work` in a transaction: commits what it did, or, if it throws, nothing of it. */
  async transaction<T>(work: (connection: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    const connection: Queryable = {
      async query<R extends Row>(query: Query) {
        return rowsOf<R>(await client.query(query));
      },
    };
    let isBroken = false;
    try {
      await client.query("BEGIN");
      const result = await work(connection);
      await client.query("COMMIT");
      return result;
    } catch (cause) {
      await client.query("ROLLBACK").catch(() => {
        isBroken = true;
      });
      throw cause;
    } finally {
      client.release(isBroken);
    }
  }

  /** Runs `work` with a connection of the pool for itself; the pool drops a connection that broke. */
  async #lent<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let isBroken = false;
    try {
      return await work(client);
    } catch (cause) {
      isBroken = sqlState(cause) === undefined;
      throw cause;
    } finally {
      client.release(isBroken);
    }
  }

  /** How the database makes commits durable. Fails, with what to do, when it does not answer or is too old. */
  async check(): Promise<{ version: string; synchronousCommit: string; fsync: string }> {
    try {
      const [row] = await this.query<{ version: string; commit: string; fsync: string; number: string }>({
        text: `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
                      current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync`,
      });
      if (!row || Number(row.number) < versionMin) {
        throw new Failure("database_too_old", `PostgreSQL ${row?.version} answers`, "use PostgreSQL 14 or later");
      }
      return { version: row.version, synchronousCommit: row.commit, fsync: row.fsync };
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      throw new Failure(
        "database_unreachable",
        `the database at ${withoutPassword(this.url)} does not answer: ${messageOf(cause)}`,
        "start it or correct the address; without --database an embedded one is started",
        cause,
      );
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function rowsOf<T extends Row>({ rows }: { readonly rows: unknown[] }): T[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each query names the columns that it selects; a check of each row would cost reading them twice
  return rows as T[];
}

const versionMin = 140_000;

/** The options of every connection of ours: they notice a peer that is gone, and give up a server that hangs. */
function connectionOptions(url: string, queryMsMax = queryMsMaxDefault): pg.ClientConfig {
  return {
    connectionString: url,
    types: { getTypeParser },
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    query_timeout: queryMsMax,
    application_name: "fastchat",
  };
}

const int8Oid = 20;
const int8ArrayOid = 1016;

function getTypeParser(oid: number) {
  const parse = pg.types.getTypeParser(oid, "text");
  if (oid === int8ArrayOid) {
    return (value: string) => {
      const texts: unknown = parse(value);
      if (!Array.isArray(texts)) throw new Error(`the driver reads a bigint[] as a ${typeof texts}`);
      return texts.map(Number);
    };
  }
  return oid === int8Oid ? Number : parse;
}

/**
 * A connection outside of the pool, for callers that need their statements in one order. When it breaks, statements under way
 * fail, and `broken` is called in any case.
 */
export async function connect(
  url: string,
  { broken = () => {}, queryMsMax }: { broken?: (cause: Error) => void; queryMsMax?: number } = {},
): Promise<pg.Client> {
  const client = new pg.Client(connectionOptions(url, queryMsMax));
  // First of all: an error without a listener would end the thread.
  client.on("error", broken);
  await client.connect();
  return client;
}

export function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, ":…@");
}

/** The SQLSTATE of an error that PostgreSQL answered with. */
export function sqlState(cause: unknown): string | undefined {
  return cause instanceof pg.DatabaseError ? cause.code : undefined;
}

export const uniqueViolation = "23505";

/**
 * Whether the rows themselves are at fault (bad data, a violated constraint), so that trying again changes nothing. Any other
 * error is about the database's state: away, full, read-only, shutting down.
 */
export function isRowFault(cause: unknown): boolean {
  return /^2[23]/.test(sqlState(cause) ?? "");
}

/** Whether the database could not be reached, or is not in a state to do anything. */
export function isDatabaseAway(cause: unknown): boolean {
  const state = sqlState(cause);
  if (state !== undefined) return /^(08|53|57|58)/.test(state);
  return cause instanceof Error && /connect|terminat|timeout|ECONN|EPIPE|ENOENT|not queryable/i.test(cause.message);
}
