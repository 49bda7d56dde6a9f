import Table from "cli-table3";
import { invalidText } from "../../loadgen/validity.ts";
import { breachText } from "./cells-notes.ts";
import { figure, median, pair } from "./figures.ts";
import type { FanoutDocument, FanoutPoint, IngestDocument, MicroDocument, ScaleDocument } from "./results.ts";

export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (column === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

const total = (point: FanoutPoint) => point.serverCpuMicrosPerDelivery + (point.databaseCpuMicrosPerDelivery ?? 0);

/** Each arm at each rate, medians over the rounds, beside the bare native arm of the same run. */
export function fanoutTable({ points }: FanoutDocument): string {
  const rates = [...new Set(points.map((point) => point.ratePerSecond))];
  const arms = [...new Set(points.map((point) => point.arm))];
  const rows = rates.flatMap((rate) => {
    const of = (arm: string) => points.filter((point) => point.arm === arm && point.ratePerSecond === rate);
    const bare = median(of("bare-uws").map(total));
    return arms.map((arm) => {
      const measured = of(arm);
      const cost = median(measured.map(total));
      const latency = (quantile: "p50" | "p99") =>
        median(measured.map((point) => point.deliveryMs?.[quantile] ?? Number.NaN));
      return [
        `${arm} at ${rate === null ? "saturation" : `${figure(rate)}/s`}`,
        figure(median(measured.map((point) => point.deliveredPerSecond))),
        figure(median(measured.map((point) => point.serverCpuMicrosPerDelivery))),
        figure(median(measured.map((point) => point.databaseCpuMicrosPerDelivery ?? 0))),
        figure(cost),
        Number.isNaN(bare) ? "–" : `${(cost / bare).toFixed(2)} ×`,
        pair({ p50: latency("p50"), p99: latency("p99") }),
        measured.every((point) => point.complete) ? "yes" : "NO",
        measured.every((point) => point.valid) ? "yes" : "no",
      ];
    });
  });
  const head = [
    "arm",
    "delivered/s",
    "server µs\n/delivery",
    "database µs\n/delivery",
    "together",
    "of bare uws",
    "delivery ms\np50 / p99",
    "complete",
    "valid",
  ];
  return plainTable(head, rows);
}

/** What is wrong with points, one line each; empty when nothing is. */
export function fanoutNotes({ points }: FanoutDocument): string[] {
  return points.flatMap(({ arm, round, ratePerSecond, complete, invalidReasons, breaches }) => {
    const where = `${arm} at ${ratePerSecond ?? "saturation"}, round ${round + 1}`;
    return [
      ...(complete ? [] : [`${where}: not every message reached everybody`]),
      ...invalidReasons.map((reason) => `${where} is not valid: ${invalidText(reason)}`),
      ...breaches.map((breach) => `${where}: ${breachText(breach)}`),
    ];
  });
}

/** The three parts, of a run that ended before its time those that it came to. */
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
            `${paced[0]?.ratePerSecond ?? 0} messages/s`,
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

export function figuresTable({ figures }: Pick<ScaleDocument | MicroDocument, "figures">): string {
  return plainTable(
    ["figure", "value", "unit"],
    figures.map(({ name, value, unit }) => [name, value === null ? "–" : figure(value), unit]),
  );
}
