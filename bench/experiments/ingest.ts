import { z } from "zod";
import { defineBenchmark } from "../benchmark.ts";
import { count, documentHeader, nonNegative, quantiles } from "../document/document.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { IngestTrial } from "../measurement/ingest-trial.ts";
import { option } from "../options.ts";
import { figure, pair } from "../report/figures.ts";
import { plainTable } from "../report/plain-table.ts";
import { openLaboratory } from "../started/laboratory.ts";
import { median } from "../statistics/median.ts";

const ingestDocument = z.strictObject({
  ...documentHeader,
  benchmark: z.literal("ingest"),
  payloadBytes: count,
  groups: count,
  saturated: z.array(z.strictObject({ arm: z.string(), round: count, rowsPerSecond: nonNegative })),
  paced: z.array(
    z.strictObject({
      round: count,
      ratePerSecond: z.number(),
      rowsPerCommit: nonNegative,
      /** Times of the transactions. */
      commitMs: quantiles,
      /** Times from the writer's being given a message until the outcome was known. */
      outcomeMs: quantiles,
      writerCpuMicrosPerRow: nonNegative,
      databaseCpuMicrosPerRow: nonNegative.nullable(),
    }),
  ),
  crossover: z.array(
    z.strictObject({
      rows: count,
      path: z.enum(["statement", "copy"]),
      writerCpuMicrosPerRow: nonNegative,
      databaseCpuMicrosPerRow: nonNegative.nullable(),
      microsPerRow: nonNegative,
    }),
  ),
});
export type IngestDocument = z.output<typeof ingestDocument>;

export const ingest = defineBenchmark({
  name: "ingest",
  question: "what does the writer reach of a bare COPY, and where do its two ways of committing cross?",
  description: "The ingest writer by itself, beside a bare COPY of the same rows.",
  options: {
    rounds: option.whole({ help: "times that everything is measured", default: 3 }),
    seconds: option.positive({ help: "time of each measurement", default: 5 }),
  },
  examples: ["", "--rounds 1 --seconds 2"],
  schema: ingestDocument,
  table: ingestTables,
  run: ({ rounds, seconds }, parts) => runIngest({ ...fixedSettings, rounds, seconds }, parts),
});

interface IngestSettings {
  readonly rounds: number;
  readonly seconds: number;
  readonly payloadBytes: number;
  readonly groups: number;
  readonly crossoverRows: readonly number[];
}

/** Settings that no option changes. */
const fixedSettings = {
  payloadBytes: 200,
  groups: 1000,
  crossoverRows: [1, 5, 20, 50, 100, 200, 300, 500, 1000, 2000],
} as const;

const pacedRatePerSecond = 1000;

/** Measures the ingest writer by itself, beside a bare COPY of the same rows into a table with the same indexes. */
export async function runIngest(
  settings: IngestSettings,
  parts: BenchmarkRun<IngestDocument>,
): Promise<IngestDocument> {
  const startedAt = new Date().toISOString();
  const laboratory = await openLaboratory(parts, 1);
  let trial: IngestTrial | undefined;
  try {
    trial = await IngestTrial.open(settings, parts, laboratory);
    let document: IngestDocument = {
      schemaVersion: 1,
      benchmark: "ingest",
      startedAt,
      environment: laboratory.environment(trial.durability),
      payloadBytes: settings.payloadBytes,
      groups: settings.groups,
      saturated: [],
      paced: [],
      crossover: [],
    };
    const measured = <Part extends "saturated" | "paced" | "crossover">(
      part: Part,
      of: IngestDocument[Part][number],
    ) => {
      document = { ...document, [part]: [...document[part], of] };
      parts.onMeasured?.(document);
    };
    for (let round = 0; round < settings.rounds; round++) {
      parts.onStep?.(`round ${round + 1} of ${settings.rounds}`);
      measured("saturated", { arm: "bare copy", round, rowsPerSecond: await trial.bareCopy() });
      measured("saturated", { arm: "writer", round, rowsPerSecond: await trial.saturate() });
      measured("paced", { round, ratePerSecond: pacedRatePerSecond, ...(await trial.pace(pacedRatePerSecond)) });
    }
    for (const rows of settings.crossoverRows) {
      for (const path of ["statement", "copy"] as const) {
        parts.onStep?.(`${rows} rows by ${path}`);
        measured("crossover", { rows, path, ...(await trial.commit(rows, path)) });
      }
    }
    return document;
  } finally {
    await trial?.close();
    await laboratory.close();
  }
}

/** A table for each of the three parts; a partial run may lack some. */
export function ingestTables({ saturated, paced, crossover }: IngestDocument): string {
  const rate = (arm: string) => median(saturated.filter((of) => of.arm === arm).map((of) => of.rowsPerSecond));
  const paces = (of: "commitMs" | "outcomeMs") => {
    const at = (quantile: "p50" | "p99") => median(paced.map((measured) => measured[of][quantile]));
    return pair({ p50: at("p50"), p99: at("p99") });
  };
  const sizes = [...new Set(crossover.map(({ rows }) => rows))];
  const at = (rows: number, path: string) => crossover.find((of) => of.rows === rows && of.path === path);
  const cost = (of: ReturnType<typeof at>) =>
    of
      ? `${figure(of.writerCpuMicrosPerRow)} + ${of.databaseCpuMicrosPerRow === null ? "–" : figure(of.databaseCpuMicrosPerRow)}`
      : "–";
  const tables = [
    saturated.length > 0 &&
      plainTable(
        ["saturated", "rows/s", "of bare"],
        ["bare copy", "writer"].map((arm) => [arm, figure(rate(arm)), figure(rate(arm) / rate("bare copy"))]),
      ),
    paced.length > 0 &&
      plainTable(
        [
          "at an even rate",
          "rows\n/commit",
          "transaction ms\np50 / p99",
          "message until outcome\nms p50 / p99",
          "CPU µs/row\nwriter + database",
        ],
        [
          [
            `${figure(paced[0]?.ratePerSecond ?? 0)} messages/s`,
            figure(median(paced.map((of) => of.rowsPerCommit))),
            paces("commitMs"),
            paces("outcomeMs"),
            `${figure(median(paced.map((of) => of.writerCpuMicrosPerRow)))} + ${figure(median(paced.map((of) => of.databaseCpuMicrosPerRow ?? 0)))}`,
          ],
        ],
      ),
    crossover.length > 0 &&
      plainTable(
        [
          "rows in a batch",
          "statement: CPU µs/row\nwriter + database",
          "copy: CPU µs/row\nwriter + database",
          "statement\nµs/row",
          "copy\nµs/row",
        ],
        sizes.map((rows) => [
          String(rows),
          cost(at(rows, "statement")),
          cost(at(rows, "copy")),
          figure(at(rows, "statement")?.microsPerRow ?? Number.NaN),
          figure(at(rows, "copy")?.microsPerRow ?? Number.NaN),
        ]),
      ),
  ];
  return tables.filter((table) => table !== false).join("\n");
}
