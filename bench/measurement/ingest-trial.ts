import { from as copyFrom } from "pg-copy-streams";
import { serveSettings } from "../../core/cluster/serve-settings.ts";
import { systemClock as clock } from "../../core/platform/clock.ts";
import type { Log } from "../../core/platform/log.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { connect, Database } from "../../core/store/database.ts";
import { commitByCopy, commitByStatement } from "../../core/store/ingest/commit.ts";
import { IngestWriter } from "../../core/store/ingest/ingest-writer.ts";
import { type IncomingMessage, RowBatch } from "../../core/store/ingest/row-batch.ts";
import { migrate, serverMigrations } from "../../core/store/migrations.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../core/wire/ids.ts";
import { Latencies } from "../../loadgen/recorder/recorder.ts";
import { sendWhenDue } from "../../loadgen/workload/pace.ts";
import { Arrivals } from "../../loadgen/workload/schedule.ts";
import { throwIfInterrupted } from "../document/interruption.ts";
import type { Laboratory } from "../started/laboratory.ts";

export interface IngestTrialSettings {
  /** Time of each measurement. */
  readonly seconds: number;
  readonly payloadBytes: number;
  readonly groups: number;
}

interface IngestTrialRun {
  readonly log: Log;
  readonly signal: AbortSignal;
}

const senders = 50;
/** Rows of one bare COPY: as many as the writer's batches grow to when saturated. */
const bareCopyRows = 4096;
/** The defaults of `fastchat serve`. */
const writerOptions = {
  rowsMax: serveSettings.ingestRowsMax.default,
  bytesMax: serveSettings.ingestBytesMax.default,
  statementRowsMax: serveSettings.statementRowsMax.default,
  commitSpacingMs: serveSettings.commitSpacingMs.default,
};

/** Measures ways to put the same rows into a database. */
export class IngestTrial {
  readonly #settings: IngestTrialSettings;
  readonly #parts: IngestTrialRun;
  readonly #laboratory: Laboratory;
  readonly #url: string;
  readonly #database: Database;
  readonly #random = seededRandom(1);
  readonly #payload: Uint8Array;
  #messages = 0;
  readonly #endings: (() => Promise<void>)[] = [];
  readonly durability: { postgres: string; synchronousCommit: string; fsync: string };

  private constructor(
    settings: IngestTrialSettings,
    parts: IngestTrialRun,
    {
      laboratory,
      database,
      durability,
    }: Pick<IngestTrial, "durability"> & { laboratory: Laboratory; database: Database },
  ) {
    this.#settings = settings;
    this.#parts = parts;
    this.#laboratory = laboratory;
    this.#database = database;
    this.#url = database.url;
    this.#payload = new Uint8Array(settings.payloadBytes).fill(0x61);
    this.durability = durability;
  }

  static async open(
    settings: IngestTrialSettings,
    parts: IngestTrialRun,
    laboratory: Laboratory,
  ): Promise<IngestTrial> {
    // Queries have no time limit: a checkpoint takes as long as the disk needs, and is not measured.
    const unhurried = { connectionsMax: 2, log: parts.log, queryMsMax: 0 };
    const database = new Database(await laboratory.freshDatabase(), unhurried);
    const { version: postgres, ...modes } = await database.check();
    await migrate(database, serverMigrations());
    await database.query({ text: "CREATE TABLE bare (LIKE messages INCLUDING ALL)" });
    return new IngestTrial(settings, parts, { laboratory, database, durability: { postgres, ...modes } });
  }

  /** Closes all connections, also those of a measurement that was interrupted. */
  async close(): Promise<void> {
    for (const end of this.#endings.splice(0)) await end();
    await this.#database.close();
  }

  /** Rows a second of COPY and commit alone. */
  async bareCopy(): Promise<number> {
    await this.#clear();
    const client = await this.#connect();
    const batch = new RowBatch<undefined>(bareCopyRows, writerOptions.bytesMax);
    let rows = 0;
    const took = await this.#forAWhile(async () => {
      batch.clear();
      while (batch.add(this.#message(), undefined)) batch.seqs[batch.count - 1] = seq(rows + batch.count);
      const input = batch.copyInput();
      await new Promise<void>((resolve, reject) => {
        const stream = client.query(
          copyFrom(`COPY bare (group_id, seq, sender_id, client_message_id, epoch, type, sent_at, payload)
          FROM STDIN WITH (FORMAT binary)`),
        );
        stream.on("finish", resolve).on("error", reject);
        stream.end(input);
      });
      rows += batch.count;
    });
    await client.end();
    return (rows / took) * 1000;
  }

  /** Rows a second of the writer when messages always wait. */
  async saturate(): Promise<number> {
    await this.#clear();
    let settled = 0;
    const writer = await this.#writer((count) => {
      settled += count;
    });
    const began = clock.monotonic();
    await this.#forAWhile(async () => {
      for (let i = 0; i < 500 && writer.waiting < bareCopyRows; i++) writer.append(this.#message(), undefined);
      await new Promise(setImmediate);
    });
    // What waits at the end is counted, and so is the time that it takes.
    await writer.drained();
    const took = clock.monotonic() - began;
    await writer.close();
    return (settled / took) * 1000;
  }

  /** With messages at an even rate: the time and cost of commits, and how long each message waits for its outcome. */
  async pace(ratePerSecond: number) {
    await this.#clear();
    const commit = new Latencies();
    const outcome = new Latencies();
    let commits = 0;
    let rows = 0;
    const takenAtMs: number[] = [];
    const writer = await this.#writer(
      (count) => {
        const now = clock.monotonic();
        for (const takenAt of takenAtMs.splice(0, count)) outcome.record((now - takenAt) * 1000);
      },
      (milliseconds) => {
        commits++;
        commit.record(milliseconds * 1000);
      },
    );
    const before = this.#cpu();
    const startMs = clock.monotonic();
    const pace = {
      clock,
      startMs,
      untilMs: startMs + this.#settings.seconds * 1000,
      stopped: () => this.#parts.signal.aborted,
    };
    await sendWhenDue(new Arrivals("constant", ratePerSecond, this.#random), pace, () => {
      takenAtMs.push(clock.monotonic());
      writer.append(this.#message(), undefined);
      rows++;
    });
    await writer.drained();
    throwIfInterrupted(this.#parts.signal);
    const cost = this.#cpuSince(before, rows);
    await writer.close();
    const [commitMs, outcomeMs] = [commit.quantiles(), outcome.quantiles()];
    if (!commitMs || !outcomeMs) throw new Error("no message was due in the measured time");
    return { rowsPerCommit: rows / commits, commitMs, outcomeMs, ...cost };
  }

  /** What a batch of this size costs, committed by a statement or by COPY. */
  async commit(rows: number, path: "statement" | "copy") {
    await this.#clear();
    const client = await this.#connect();
    const batch = new RowBatch<undefined>(rows, 64 * 1024 * 1024);
    const once = async () => {
      batch.clear();
      while (batch.add(this.#message(), undefined));
      if (path === "statement") await commitByStatement(client, batch);
      else await commitByCopy(client, batch, []);
    };
    for (let i = 0; i < 20; i++) await once();
    const repeats = Math.max(10, Math.min(400, Math.round(20_000 / rows)));
    const before = this.#cpu();
    const began = clock.monotonic();
    for (let i = 0; i < repeats; i++) {
      throwIfInterrupted(this.#parts.signal);
      await once();
    }
    const micros = (clock.monotonic() - began) * 1000;
    const cost = this.#cpuSince(before, rows * repeats);
    await client.end();
    return { microsPerRow: micros / rows / repeats, ...cost };
  }

  async #writer(settled: (count: number) => void, committed: (milliseconds: number) => void = () => {}) {
    const writer = new IngestWriter<undefined>(
      { url: this.#url, ...writerOptions },
      {
        settled(batch) {
          const fault = batch.faults.slice(0, batch.count).find((of) => of !== undefined);
          if (fault) throw new Error(`a row was refused: ${fault.code}`);
          settled(batch.count);
        },
        committed: ({ milliseconds }) => committed(milliseconds),
      },
      { clock, random: this.#random, log: this.#parts.log },
    );
    await writer.open();
    this.#endings.push(() => writer.close());
    return writer;
  }

  async #connect() {
    const client = await connect(this.#url);
    this.#endings.push(() => client.end());
    return client;
  }

  #message(): IncomingMessage {
    return {
      group: groupId(1 + this.#random.below(this.#settings.groups)),
      sender: userId(1 + this.#random.below(senders)),
      clientMessageId: clientMessageId(BigInt(++this.#messages)),
      epoch: epoch(1),
      type: 0,
      sentAt: clock.now(),
      payload: this.#payload,
      resend: false,
      turn: 0,
    };
  }

  /** Repeats the work for the time of a measurement; answers the milliseconds that it took. */
  async #forAWhile(work: () => Promise<void>): Promise<number> {
    const began = clock.monotonic();
    while (clock.monotonic() - began < this.#settings.seconds * 1000) {
      throwIfInterrupted(this.#parts.signal);
      await work();
    }
    return clock.monotonic() - began;
  }

  async #clear(): Promise<void> {
    await this.#database.query({ text: "TRUNCATE bare, messages, groups" });
    await this.#database.query({
      text: `INSERT INTO groups (id, epoch, last_seq, keyed, log_length, log_head, suite, history, expire_seconds)
             SELECT id, 1, 0, true, 1, '', 'none', false, 0 FROM generate_series(1, $1) AS id`,
      values: [this.#settings.groups],
    });
    await this.#database.query({ text: "CHECKPOINT" });
  }

  #cpu() {
    const { user, system } = process.cpuUsage();
    return { writer: user + system, database: this.#laboratory.databaseCpuSeconds() };
  }

  #cpuSince(before: { writer: number; database: number | undefined }, rows: number) {
    const now = this.#cpu();
    const databaseCpuMicrosPerRow =
      now.database === undefined || before.database === undefined
        ? null
        : ((now.database - before.database) * 1e6) / rows;
    return { writerCpuMicrosPerRow: (now.writer - before.writer) / rows, databaseCpuMicrosPerRow };
  }
}
