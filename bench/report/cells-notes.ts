import { invalidText } from "../../loadgen/recorder/validity.ts";
import type { Cell, CellsDocument } from "../document/cells-document.ts";
import { breachText } from "./breach-text.ts";
import { counted } from "./figures.ts";

/** Lines about what the table does not show: broken promises, failures, and why cells are not valid. */
export function cellsNotes(run: Pick<CellsDocument, "cells" | "failed" | "pilot" | "workload">): string[] {
  const { cells, workload } = run;
  return [
    ...breachLines(run),
    ...failedLines(run),
    ...invalidLines(cells),
    ...againLines(cells),
    ...connectionLines(cells, workload.clients),
    ...failureLines(cells),
  ];
}

const named = ({ servers, strategy }: { readonly servers: number; readonly strategy: string }) =>
  `${counted(servers, "server")}, ${strategy}`;

/** The broken promises, with the messages concerned. */
function breachLines({ cells, pilot }: Pick<CellsDocument, "cells" | "pilot">): string[] {
  const audits = [
    ...(pilot?.audit ? [{ where: "pilot", audit: pilot.audit }] : []),
    ...cells.map((cell) => ({ where: named(cell), audit: cell.audit })),
  ];
  return audits
    .filter(({ audit }) => !audit.passed)
    .flatMap(({ where, audit }) => [
      `${where}: lost ${audit.lost}, duplicated ${audit.duplicated}, reordered ${audit.reordered}, undecryptable ${audit.undecryptable}, trespassing ${audit.trespassing}, out of turn ${audit.outOfTurn}, not stored ${audit.notStored}`,
      ...audit.breaches.map((breach) => `  ${breachText(breach)}`),
    ]);
}

/** Messages without acknowledgement and refused changes, one line for each cell with some. */
function failureLines(cells: readonly Cell[]): string[] {
  return cells.flatMap((cell) => {
    const counts = Object.entries(cell.failures).map(([code, count]) => `${count} × ${code}`);
    return counts.length === 0 ? [] : [`${named(cell)}: ${counts.join(", ")}`];
  });
}

/** Cells without figures, one line each. */
function failedLines({ failed }: Pick<CellsDocument, "failed">): string[] {
  return failed.map((cell) => `${named(cell)}, ${failureText(cell)}`);
}

const failureText = ({ code, message }: { readonly code: string; readonly message: string }) =>
  `failed with ${code}: ${message}`;

/** Why cells are not valid, one line each. */
function invalidLines(cells: readonly Cell[]): string[] {
  return cells
    .filter((cell) => !cell.valid)
    .map((cell) => `${named(cell)}, is not valid: ${cell.invalidReasons.map(invalidText).join("; ")}`);
}

/** The cells that were measured more than once, and why. */
function againLines(cells: readonly Cell[]): string[] {
  return cells.flatMap((cell) => [
    ...cell.earlierTries.map(
      ({ invalidReasons }) => `${named(cell)}, was measured again: ${invalidReasons.map(invalidText).join("; ")}`,
    ),
    ...(cell.failedTry ? [`${named(cell)}, was measured again, which ${failureText(cell.failedTry)}`] : []),
  ]);
}

/** Cells whose servers count more connections than there are simulated users: somebody else is connected. */
function connectionLines(cells: readonly Cell[], clients: number): string[] {
  return cells.flatMap((cell) => {
    const connections = cell.connectionsPerServer.reduce((sum, count) => sum + count, 0);
    return connections > clients
      ? [`${named(cell)}: the servers count ${connections} connections, ${connections - clients} more than clients`]
      : [];
  });
}
