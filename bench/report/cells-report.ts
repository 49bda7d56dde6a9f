import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { CellsDocument } from "../document/cells-document.ts";
import { partialNotice } from "../document/partial-notice.ts";
import { conclusion } from "./cells-conclusion.ts";
import { cellsNotes } from "./cells-notes.ts";
import { preamble } from "./cells-preamble.ts";
import { cellColumns, failedRows } from "./cells-table.ts";

/** A run as one HTML file that loads nothing else: the table, the conclusion, and the latencies as a chart. */
export function htmlReport(run: CellsDocument): string {
  const { environment: machine, workload } = run;
  const facts: readonly (readonly [string, string])[] = [
    ["started", run.startedAt],
    [
      "machine",
      `${machine.cpuModel}, ${machine.cpuCount} cores, ${gibibytes(machine.memoryBytes)} GiB, ${machine.os} ${machine.kernel}`,
    ],
    [
      "software",
      `Node ${machine.node}, PostgreSQL ${machine.postgres}, FastChat ${machine.commit ?? "of no known commit"}`,
    ],
    [
      "durability",
      `synchronous_commit ${machine.durability.synchronousCommit}, fsync ${machine.durability.fsync}, on ${machine.durability.filesystem}`,
    ],
    ["load before", machine.loadAverage.toFixed(2)],
    [
      "connections",
      "of each server, as its own /metrics counts them when everybody is in; fullest / mean is how uneven they are",
    ],
    ["workload", JSON.stringify(workload)],
    ...run.simulation.map((note) => ["simulation", note] as const),
  ];
  const remarks = cellsNotes(run);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${run.partial ? "PARTIAL: " : ""}FastChat ${run.benchmark} ${run.startedAt}</title>
<style>${style}</style>
<h1>FastChat: ${run.benchmark}</h1>
${partialNotice(run)
  .map((line) => `<p class="partial">${escaped(line)}</p>`)
  .join("\n")}
${preamble(run)
  .map((line) => `<p>${escaped(line)}</p>`)
  .join("\n")}
<p>${escaped(conclusion(run))}</p>
${tableHtml(run)}
${remarks.length === 0 ? "" : `<pre>${escaped(remarks.join("\n"))}</pre>`}
<h2>Delivery latency</h2>
<p>From the moment a message was due until each of its deliveries; dots are the 50th, 90th, 99th and 99.9th percentile.</p>
${latencyChart(run)}
<h2>Where and how</h2>
<dl>${facts.map(([name, value]) => `<dt>${name}<dd>${escaped(value)}`).join("\n")}</dl>
</html>
`;
}

const style = `
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1b1e23; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .25rem .7rem; border-bottom: 1px solid #d8dce2; text-align: right; white-space: pre-line; }
  th:nth-child(2), td:nth-child(2) { text-align: left; }
  .partial { background: #fff3c4; padding: .5rem 1rem; font-weight: 600; } .failed { background: #fde2e0; } .invalid { color: #8a6d00; }
  dt { font-weight: 600; } dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
  pre { background: #f4f5f7; padding: 1rem; overflow-x: auto; } svg { max-width: 100%; height: auto; }
`;

function tableHtml({ cells, failed }: CellsDocument): string {
  const head = cellColumns.map(({ name }) => `<th>${escaped(name)}`).join("");
  const rows = cells.map((cell) => {
    const className = !cell.audit.passed || cell.failedTry ? "failed" : cell.valid ? "" : "invalid";
    return `<tr class="${className}">${cellColumns.map(({ of }) => `<td>${escaped(of(cell))}`).join("")}`;
  });
  const failures = failedRows(failed).map(
    (row) => `<tr class="failed">${row.map((text) => `<td>${escaped(text)}`).join("")}`,
  );
  return `<table><thead><tr>${head}<tbody>${[...rows, ...failures].join("\n")}</table>`;
}

function latencyChart({ cells }: CellsDocument): string {
  const points = cells.flatMap(({ servers, strategy, deliveryMs }) =>
    deliveryMs === null
      ? []
      : (["p50", "p90", "p99", "p999"] as const).map((quantile) => ({
          servers: `${servers} ${servers === 1 ? "server" : "servers"}`,
          strategy,
          quantile,
          ms: deliveryMs[quantile],
        })),
  );
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const chart = Plot.plot({
    document,
    width: 960,
    height:
      90 +
      30 * new Set(points.map(({ strategy }) => strategy)).size * new Set(points.map(({ servers }) => servers)).size,
    marginLeft: 130,
    marginRight: 90,
    x: { type: "log", grid: true, label: "ms" },
    y: { label: null },
    fy: { label: null },
    color: {
      legend: true,
      domain: ["p50", "p90", "p99", "p999"],
      scheme: "Blues",
      range: ["#9ecae1", "#6baed6", "#3182bd", "#08306b"],
    },
    marks: [
      Plot.ruleY(
        points,
        Plot.groupY({ x1: "min", x2: "max" }, { x: "ms", y: "strategy", fy: "servers", stroke: "#c3c9d1" }),
      ),
      Plot.dot(points, { x: "ms", y: "strategy", fy: "servers", fill: "quantile", r: 4 }),
    ],
  });
  return chart.outerHTML;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const gibibytes = (bytes: number) => Math.round(bytes / 1024 ** 3);
