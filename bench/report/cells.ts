import { type CellsDocument, cellsDocument } from "../document/cells-document.ts";
import type { DocumentKind } from "../document/document-kind.ts";
import { conclusion } from "./cells-conclusion.ts";
import { cellsNotes } from "./cells-notes.ts";
import { preamble } from "./cells-preamble.ts";
import { htmlReport } from "./cells-report.ts";
import { cellsTable } from "./cells-table.ts";

/** The documents of a benchmark that measures cells. */
export function cellsOf<Name extends "quick" | "load">(benchmark: Name) {
  return {
    schema: cellsDocument(benchmark),
    preamble,
    table: cellsTable,
    notes: (run: CellsDocument) => [conclusion(run), ...cellsNotes(run)],
    passed: cellsPassed,
    html: htmlReport,
  } satisfies DocumentKind<CellsDocument & { benchmark: Name }>;
}

/** Whether no try of a cell failed, and no audit found a broken promise: neither of any try, nor of the pilot. */
export function cellsPassed({ cells, failed, pilot }: CellsDocument): boolean {
  const audits = cells.flatMap((cell) => [cell.audit, ...cell.earlierTries.map(({ audit }) => audit)]);
  const hasFailed = failed.length > 0 || cells.some(({ failedTry }) => failedTry);
  return !hasFailed && [...audits, ...(pilot?.audit ? [pilot.audit] : [])].every(({ passed }) => passed);
}
