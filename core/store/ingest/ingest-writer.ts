import type { Client } from "pg";
import { backOffMs } from "../../platform/back-off.ts";
import type { Cancel, Clock } from "../../platform/clock.ts";
import { messageOf } from "../../platform/failure.ts";
import type { Log } from "../../platform/log.ts";
import type { Random } from "../../platform/random.ts";
import { seqBeforeFirst } from "../../wire/ids.ts";
import { connect, isRowFault, sqlState, uniqueViolation } from "../database.ts";
import { commitByCopy, commitByStatement } from "./commit.ts";
import { type IncomingMessage, RowBatch } from "./row-batch.ts";

export interface IngestOptions {
  readonly url: string;
  /** Bounds of the messages that wait while a batch commits; a message beyond them is refused. */
  readonly rowsMax: number;
  readonly bytesMax: number;
  /**
   * Batches of up to this many rows go in one statement, larger ones by COPY; `fastchat bench ingest` shows where they cross.
   */
  readonly statementRowsMax: number;
  /**
   * The least milliseconds from the start of one commit to the start of the next. A message waits only when a commit began just
   * before it came; at a moderate rate several messages then share a commit instead of having one each.
   */
  readonly commitSpacingMs: number;
}

export interface IngestEvents<Ticket> {
  /** Every row of the batch has its outcome. The writer reuses the batch when this returns. */
  settled(batch: RowBatch<Ticket>): void;
  /** For metrics. */
  committed?(commit: { rows: number; bytes: number; milliseconds: number; path: CommitPath }): void;
}

export type CommitPath = "statement" | "copy";

/** Pauses between tries while the database is away. */
const retries = { msMin: 50, msMax: 2000, jitter: "equal" } as const;

/** A database that takes longer for a commit is as good as away. */
const stallMsMax = 3000;

/**
 * Stores messages durably and in order, many at a time: while one batch commits, the next fills. Under load the batches grow by
 * themselves.
 *
 * While the database is away, messages that were taken in wait, and `append` refuses more once the batch is full; the writer
 * goes on by itself when the database is back. When the answer to a commit is lost, the writer looks for its rows before it
 * stores any again.
 */
export class IngestWriter<Ticket> {
  readonly #options: IngestOptions;
  readonly #events: IngestEvents<Ticket>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  #client: Client | undefined;
  #filling: RowBatch<Ticket>;
  #spare: RowBatch<Ticket>;
  #running = false;
  #away = false;
  #closed = false;
  #endWait: Cancel | undefined;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #committingSinceMs: number | undefined;
  #cancelStart: Cancel | undefined;
  #idle: (() => void)[] = [];

  constructor(options: IngestOptions, events: IngestEvents<Ticket>, parts: { clock: Clock; random: Random; log: Log }) {
    this.#options = options;
    this.#events = events;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#log = parts.log;
    this.#filling = new RowBatch(options.rowsMax, options.bytesMax);
    this.#spare = new RowBatch(options.rowsMax, options.bytesMax);
  }

  /** Connects; fails when the database does not answer, which stops the server's start. */
  async open(): Promise<void> {
    await this.#connected();
  }

  /** Takes a message in, and copies its payload. Answers false, and takes nothing in, when too much waits already. */
  append(message: IncomingMessage, ticket: Ticket): boolean {
    if (this.#closed || !this.#filling.add(message, ticket)) return false;
    if (!this.#running) {
      this.#running = true;
      this.#start();
    }
    return true;
  }

  /** Rows that wait for the batch before them. */
  get waiting(): number {
    return this.#filling.count;
  }

  /** Whether the last try failed, or a commit is without an answer for longer than {@link stallMsMax}. */
  get away(): boolean {
    const sinceMs = this.#committingSinceMs;
    return this.#away || (sinceMs !== undefined && this.#clock.monotonic() - sinceMs > stallMsMax);
  }

  /** Resolves when every message that was taken in has its outcome. */
  drained(): Promise<void> {
    return this.#running ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** Stops the writer. Messages without an outcome get none: await {@link drained} first. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#endWait?.();
    this.#cancelStart?.();
    const client = this.#client;
    this.#client = undefined;
    await client
      ?.end()
      .catch((cause: Error) => this.#log.debug({ cause: cause.message }, "closing the writer's connection"));
  }

  /**
   * Begins a commit when its time has come: at the end of this turn of the event loop at the earliest, so that it has all that
   * the turn reads.
   */
  #start(): void {
    const waitMs = this.#lastStartMs + this.#options.commitSpacingMs - this.#clock.monotonic();
    if (waitMs <= 0) setImmediate(() => void this.#run());
    else this.#cancelStart = this.#clock.after(waitMs, () => void this.#run());
  }

  /** Connects again after the connection broke while nothing was being stored; until then {@link away} is true. */
  async #restore(): Promise<void> {
    this.#running = true;
    this.#away = true;
    for (let attempt = 0; !this.#closed; attempt++) {
      try {
        await this.#connected();
        this.#isBack();
        break;
      } catch (cause) {
        await this.#backOff(cause, attempt);
      }
    }
    await this.#run();
  }

  async #run(): Promise<void> {
    while (this.#filling.count > 0 && !this.#closed) {
      const batch = this.#filling;
      this.#filling = this.#spare;
      this.#lastStartMs = this.#clock.monotonic();
      await this.#commit(batch);
      if (this.#closed) break;
      try {
        this.#events.settled(batch);
      } catch (cause) {
        this.#log.error({ cause: messageOf(cause) }, "a committed batch could not be announced");
      }
      batch.clear();
      this.#spare = batch;
      if (this.#filling.count > 0 && this.#clock.monotonic() < this.#lastStartMs + this.#options.commitSpacingMs) {
        return this.#start();
      }
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Returns when every row has its outcome, however long the database is away, or when the writer is closed. */
  async #commit(batch: RowBatch<Ticket>): Promise<void> {
    let suspects: readonly number[] = batch.suspects;
    /**
     * Set once a commit's answer was lost: this batch may have stored the rows that are found, and then nobody delivered them
     * yet.
     */
    let doubtful = false;
    for (let attempt = 0; !this.#closed; attempt++) {
      try {
        const client = await this.#connected();
        const started = this.#clock.monotonic();
        this.#committingSinceMs = started;
        const path = suspects.length === 0 && batch.count <= this.#options.statementRowsMax ? "statement" : "copy";
        if (path === "statement") await commitByStatement(client, batch);
        else await commitByCopy(client, batch, suspects);
        if (doubtful) markFresh(batch);
        this.#isBack();
        const milliseconds = this.#clock.monotonic() - started;
        this.#events.committed?.({ rows: batch.count, bytes: batch.bytes, milliseconds, path });
        return;
      } catch (cause) {
        if (isRowFault(cause) && (await this.#rolledBack())) {
          if (sqlState(cause) === uniqueViolation && suspects.length < batch.count) {
            // A message was sent again and not marked as a resend: the next try looks for every row, and stores the others.
            suspects = allRows(batch);
            continue;
          }
          this.#log.error(
            { cause: messageOf(cause), rows: batch.count },
            "a batch cannot be stored; trying row by row",
          );
          if (await this.#commitOneByOne(batch)) return;
        }
        suspects = allRows(batch);
        doubtful = true;
        await this.#backOff(cause, attempt);
      } finally {
        this.#committingSinceMs = undefined;
      }
    }
  }

  /** Commits each row in a transaction of its own, so that only bad rows fail. Answers false when the database went away. */
  async #commitOneByOne(batch: RowBatch<Ticket>): Promise<boolean> {
    const single = new RowBatch<undefined>(1, this.#options.bytesMax);
    for (let row = 0; row < batch.count; row++) {
      single.clear();
      single.add({ ...batch.stored(row), group: batch.group(row), resend: true, turn: 0 }, undefined);
      try {
        await commitByCopy(await this.#connected(), single, [0]);
        batch.seqs[row] = single.seq(0);
        batch.faults[row] = single.faults[0];
        batch.fresh[row] = single.faults[0] === undefined;
        batch.setSentAt(row, single.sentAt(0));
      } catch (cause) {
        if (!isRowFault(cause) || !(await this.#rolledBack())) return false;
        this.#log.error({ cause: messageOf(cause), group: batch.group(row) }, "a message cannot be stored");
        batch.seqs[row] = seqBeforeFirst;
        batch.faults[row] = { code: "internal" };
        batch.fresh[row] = false;
      }
    }
    return true;
  }

  async #rolledBack(): Promise<boolean> {
    try {
      await this.#client?.query("ROLLBACK");
      return true;
    } catch {
      return false;
    }
  }

  async #backOff(cause: unknown, attempt: number): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => {}); // The connection is broken; `cause` says why.
    if (this.#closed) return;
    if (!this.#away) this.#log.error({ cause: messageOf(cause) }, "the database is away; messages wait");
    this.#away = true;
    const delay = backOffMs(attempt + 1, retries, this.#random);
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(delay, resolve);
      this.#endWait = () => {
        cancel();
        resolve();
      };
    });
  }

  #isBack(): void {
    if (this.#away) this.#log.info("the database is back");
    this.#away = false;
  }

  #broke(client: Client, cause: Error): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    if (this.#running || this.#closed) return;
    this.#log.error({ cause: cause.message }, "the database is away");
    void this.#restore();
  }

  async #connected(): Promise<Client> {
    if (this.#client) return this.#client;
    let connected: Client | undefined;
    let brokenAtOnce: Error | undefined;
    const client = await connect(this.#options.url, {
      broken: (cause) => {
        if (connected) this.#broke(connected, cause);
        else brokenAtOnce = cause;
      },
    });
    if (brokenAtOnce) throw brokenAtOnce;
    connected = client;
    this.#client = client;
    return client;
  }
}

function allRows(batch: RowBatch<unknown>): number[] {
  return Array.from({ length: batch.count }, (_, row) => row);
}

/** Counts rows that are stored and were not marked as resends as just committed: delivering a message twice is harmless. */
function markFresh(batch: RowBatch<unknown>): void {
  const resends = new Set(batch.suspects);
  for (let row = 0; row < batch.count; row++) {
    if (batch.faults[row] === undefined && !resends.has(row)) batch.fresh[row] = true;
  }
}
