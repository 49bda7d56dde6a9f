import Table from "cli-table3";
import type { Cell, CellsDocument } from "../document/cells-document.ts";
import { figure, pair } from "./figures.ts";

/** The columns of a cells document, for the terminal and for the report. */
export const cellColumns = [
  { name: "servers", of: (cell: Cell) => String(cell.servers) },
  { name: "strategy", of: (cell: Cell) => cell.strategy },
  { name: "delivered/s", of: (cell: Cell) => figure(cell.deliveredPerSecond) },
  { name: "ACK ms\np50 / p99", of: (cell: Cell) => pair(cell.ackMs) },
  { name: "delivery ms\np50 / p99", of: (cell: Cell) => pair(cell.deliveryMs) },
  { name: "server CPU\nµs/delivery", of: (cell: Cell) => costOf(cell, cell.serverCpuMicrosPerDelivery) },
  { name: "database CPU\nµs/delivery", of: (cell: Cell) => costOf(cell, cell.databaseCpuMicrosPerDelivery) },
  { name: "fullest\n/ mean", of: (cell: Cell) => cell.imbalance.maxOverMean.toFixed(2) },
  { name: "others'\ncores", of: (cell: Cell) => othersCores(cell)?.toFixed(1) ?? "–" },
  { name: "audit", of: (cell: Cell) => (cell.audit.passed ? "passed" : "FAILED") },
  { name: "valid", of: validity },
] as const;

function validity({ valid, earlierTries, failedTry }: Cell): string {
  const again = failedTry ? ", 2nd try FAILED" : earlierTries.length === 0 ? "" : ", 2nd try";
  return `${valid ? "yes" : "no"}${again}`;
}

/** What a delivery cost; a dash where there was none, or its cost is unknown. */
const costOf = ({ deliveredPerSecond }: Cell, value: number | null) =>
  value === null || deliveredPerSecond === 0 ? "–" : figure(value);

/** What other programs and other virtual machines used together; null where neither is known. */
export function othersCores({ machine: { otherCpuCores, stolenCpuCores } }: Cell): number | null {
  return otherCpuCores === null ? stolenCpuCores : otherCpuCores + (stolenCpuCores ?? 0);
}

/** A row for each cell; those that failed have no figures. */
export function cellsTable({ cells, failed }: Pick<CellsDocument, "cells" | "failed">): string {
  const table = new Table({
    head: cellColumns.map(({ name }) => name),
    colAligns: cellColumns.map((_, column) => (column === 1 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const cell of cells) table.push(cellColumns.map(({ of }) => of(cell)));
  for (const row of failedRows(failed)) table.push([...row]);
  return table.toString();
}

/** Cells that have no figures, as rows of the table. */
export function failedRows(failed: CellsDocument["failed"]): readonly string[][] {
  return failed.map(({ servers, strategy, code }) => [
    String(servers),
    strategy,
    ...Array.from({ length: cellColumns.length - 3 }, () => "–"),
    `FAILED: ${code}`,
  ]);
}
