import { from as copyFrom } from "pg-copy-streams";
import { serveSettings } from "../../core/cluster/serve-settings.ts";
import { systemClock as clock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { connect, Database } from "../../core/store/database.ts";
import { commitByCopy, commitByStatement } from "../../core/store/ingest/commit.ts";
import { IngestWriter } from "../../core/store/ingest/ingest-writer.ts";
import { type IncomingMessage, RowBatch } from "../../core/store/ingest/row-batch.ts";
import { migrate, serverMigrations } from "../../core/store/migrations.ts";
import { clientMessageId, epoch, groupId, type Seq, userId } from "../../core/wire/ids.ts";
import { sendWhenDue } from "../../loadgen/pace.ts";
import { Latencies, type Quantiles } from "../../loadgen/recorder.ts";
import { Arrivals } from "../../loadgen/schedule.ts";
import type { IngestDocument } from "../report/results.ts";
import type { Watch } from "../report/watch.ts";
import { type Laboratory, type LaboratoryOptions, openLaboratory } from "../started/laboratory.ts";

export interface IngestBenchOptions extends Watch<IngestDocument>, LaboratoryOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly payloadBytes: number;
  readonly groups: number;
  readonly crossoverRows: readonly number[];
  readonly signal: AbortSignal;
}

export const ingestDefaults = {
  rounds: 3,
  seconds: 5,
  payloadBytes: 200,
  groups: 1000,
  crossoverRows: [1, 5, 20, 50, 100, 200, 300, 500, 1000, 2000],
} as const;

const pacedRatePerSecond = 1000;
const senders = 50;
/** Rows of one bare COPY: as many as the writer's batches grow to when saturated. */
const bareCopyRows = 4096;
/** As servers have it by default. */
const writerOptions = {
  rowsMax: serveSettings.ingestRowsMax.default,
  bytesMax: serveSettings.ingestBytesMax.default,
  statementRowsMax: serveSettings.statementRowsMax.default,
  commitSpacingMs: serveSettings.commitSpacingMs.default,
};

/** The ingest writer by itself, beside a bare COPY of the same rows into a table with the same indexes. */
export async function runIngest(options: IngestBenchOptions): Promise<IngestDocument> {
  const startedAt = new Date().toISOString();
  const laboratory = await openLaboratory(options, 1);
  let bench: IngestBench | undefined;
  try {
    bench = await IngestBench.open(options, laboratory);
    let document: IngestDocument = {
      schemaVersion: 1,
      benchmark: "ingest",
      startedAt,
      environment: laboratory.environment(bench.durability),
      payloadBytes: options.payloadBytes,
      groups: options.groups,
      saturated: [],
      paced: [],
      crossover: [],
    };
    const measured = <Part extends "saturated" | "paced" | "crossover">(
      part: Part,
      of: IngestDocument[Part][number],
    ) => {
      document = { ...document, [part]: [...document[part], of] };
      options.onMeasured?.(document);
    };
    for (let round = 0; round < options.rounds; round++) {
      options.onStep?.(`round ${round + 1} of ${options.rounds}`);
      measured("saturated", { arm: "bare copy", round, rowsPerSecond: await bench.bareCopy() });
      measured("saturated", { arm: "writer", round, rowsPerSecond: await bench.saturate() });
      measured("paced", { round, ratePerSecond: pacedRatePerSecond, ...(await bench.pace(pacedRatePerSecond)) });
    }
    for (const rows of options.crossoverRows) {
      for (const path of ["statement", "copy"] as const) {
        options.onStep?.(`${rows} rows by ${path}`);
        measured("crossover", { rows, path, ...(await bench.commit(rows, path)) });
      }
    }
    return document;
  } finally {
    await bench?.close();
    await laboratory.close();
  }
}

class IngestBench {
  readonly #options: IngestBenchOptions;
  readonly #laboratory: Laboratory;
  readonly #url: string;
  readonly #database: Database;
  readonly #random = seededRandom(1);
  readonly #payload: Uint8Array;
  #messages = 0;
  readonly #endings: (() => Promise<void>)[] = [];
  readonly durability: { postgres: string; synchronousCommit: string; fsync: string };

  private constructor(
    options: IngestBenchOptions,
    laboratory: Laboratory,
    database: Database,
    durability: IngestBench["durability"],
  ) {
    this.#options = options;
    this.#laboratory = laboratory;
    this.#database = database;
    this.#url = database.url;
    this.#payload = new Uint8Array(options.payloadBytes).fill(0x61);
    this.durability = durability;
  }

  static async open(options: IngestBenchOptions, laboratory: Laboratory): Promise<IngestBench> {
    // A checkpoint takes as long as the disk does, and is no part of what is measured.
    const unhurried = { connectionsMax: 2, log: options.log, queryMsMax: 0 };
    const database = new Database(await laboratory.freshDatabase(), unhurried);
    const { version: postgres, ...modes } = await database.check();
    await migrate(database, serverMigrations());
    await database.query({ text: "CREATE TABLE bare (LIKE messages INCLUDING ALL)" });
    return new IngestBench(options, laboratory, database, { postgres, ...modes });
  }

  /** Whatever was under way. */
  async close(): Promise<void> {
    for (const end of this.#endings.splice(0)) await end();
    await this.#database.close();
  }

  /** Rows a second of nothing but COPY and commit. */
  async bareCopy(): Promise<number> {
    await this.#clear();
    const client = await this.#connect();
    const batch = new RowBatch<undefined>(bareCopyRows, writerOptions.bytesMax);
    let rows = 0;
    const took = await this.#forAWhile(async () => {
      batch.clear();
      while (batch.add(this.#message(), undefined)) batch.seqs[batch.count - 1] = (rows + batch.count) as Seq;
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

  /** Rows a second of the writer when there is always more to do. */
  async saturate(): Promise<number> {
    await this.#clear();
    let settled = 0;
    const writer = await this.#writer((count) => {
      settled += count;
    });
    const took = await this.#forAWhile(async () => {
      for (let i = 0; i < 500 && writer.waiting < bareCopyRows; i++) writer.append(this.#message(), undefined);
      await new Promise(setImmediate);
    });
    await writer.drained();
    await writer.close();
    return (settled / took) * 1000;
  }

  /** What commits take, and cost, when messages come at an even rate; and how long each message waits for its outcome. */
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
    const by = {
      clock,
      startMs,
      untilMs: startMs + this.#options.seconds * 1000,
      stopped: () => this.#options.signal.aborted,
    };
    await sendWhenDue(new Arrivals("constant", ratePerSecond, this.#random), by, () => {
      takenAtMs.push(clock.monotonic());
      writer.append(this.#message(), undefined);
      rows++;
    });
    await writer.drained();
    this.#assertGoesOn();
    const cost = this.#cpuSince(before, rows);
    await writer.close();
    const [commitMs, outcomeMs] = [commit.quantiles() as Quantiles, outcome.quantiles() as Quantiles];
    return { rowsPerCommit: rows / commits, commitMs, outcomeMs, ...cost };
  }

  /** What a batch of this size costs by either way. */
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
      this.#assertGoesOn();
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
      { clock, random: this.#random, log: this.#options.log },
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
      group: groupId(1 + this.#random.below(this.#options.groups)),
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

  /** Milliseconds that it really took. */
  async #forAWhile(work: () => Promise<void>): Promise<number> {
    const began = clock.monotonic();
    while (clock.monotonic() - began < this.#options.seconds * 1000) {
      this.#assertGoesOn();
      await work();
    }
    return clock.monotonic() - began;
  }

  /** What is cut off is no measurement. */
  #assertGoesOn(): void {
    if (this.#options.signal.aborted) throw new Failure("interrupted", "the benchmark was stopped", "start it again");
  }

  async #clear(): Promise<void> {
    await this.#database.query({ text: "TRUNCATE bare, messages, groups" });
    await this.#database.query({
      text: `INSERT INTO groups (id, epoch, last_seq, keyed, log_length, log_head, suite, history, expire_seconds)
             SELECT id, 1, 0, true, 1, '', 'none', false, 0 FROM generate_series(1, $1) AS id`,
      values: [this.#options.groups],
    });
    await this.#database.query({ text: "CHECKPOINT" });
  }

  #cpu() {
    const { user, system } = process.cpuUsage();
    return { writer: user + system, database: this.#laboratory.databaseCpuSeconds() };
  }

  #cpuSince(before: { writer: number; database: number | undefined }, rows: number) {
    const now = this.#cpu();
    const known = now.database !== undefined && before.database !== undefined;
    return {
      writerCpuMicrosPerRow: (now.writer - before.writer) / rows,
      databaseCpuMicrosPerRow: known ? (((now.database as number) - (before.database as number)) * 1e6) / rows : null,
    };
  }
}
