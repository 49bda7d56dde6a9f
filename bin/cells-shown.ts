import { notes } from "../bench/report/cells-notes.ts";
import { cellsTable } from "../bench/report/cells-table.ts";
import { preamble } from "../bench/report/preamble.ts";
import type { CellsDocument } from "../bench/report/results.ts";
import { conclusion } from "../bench/statistics/conclusion.ts";

/** A run of cells, as the terminal shows it. */
export function cellsShown(run: CellsDocument): string[] {
  return [...preamble(run), cellsTable(run), conclusion(run), ...notes(run)];
}

/** Whether no cell failed, at any try, and no audit found a promise broken, in an earlier try and in the pilot neither. */
export function cellsPassed({ cells, failed, pilot }: CellsDocument): boolean {
  const audits = cells.flatMap((cell) => [cell.audit, ...cell.earlierTries.map(({ audit }) => audit)]);
  const hasFailed = failed.length > 0 || cells.some(({ failedTry }) => failedTry);
  return !hasFailed && [...audits, ...(pilot?.audit ? [pilot.audit] : [])].every(({ passed }) => passed);
}
