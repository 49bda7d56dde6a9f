import Table from "cli-table3";
import { figure, median, pair } from "./figures.ts";
import type { Cell, CellsDocument } from "./results.ts";

/** The columns of a cells document, for the terminal and for the report. */
export const cellColumns = [
  { name: "servers", of: (cell: Cell) => String(cell.servers) },
  { name: "strategy", of: (cell: Cell) => cell.strategy },
  { name: "delivered/s", of: (cell: Cell) => figure(cell.deliveredPerSecond) },
  { name: "ACK ms\np50 / p99", of: (cell: Cell) => pair(cell.ackMs) },
  { name: "delivery ms\np50 / p99", of: (cell: Cell) => pair(cell.deliveryMs) },
  { name: "server CPU\nµs/delivery", of: (cell: Cell) => figure(cell.serverCpuMicrosPerDelivery) },
  {
    name: "database CPU\nµs/delivery",
    of: ({ databaseCpuMicrosPerDelivery: micros }: Cell) => (micros === null ? "–" : figure(micros)),
  },
  { name: "fullest\n/ mean", of: (cell: Cell) => cell.imbalance.maxOverMean.toFixed(2) },
  { name: "audit", of: (cell: Cell) => (cell.audit.passed ? "passed" : "FAILED") },
  { name: "valid", of: (cell: Cell) => (cell.valid ? "yes" : "no") },
] as const;

export function cellsTable(cells: readonly Cell[]): string {
  const table = new Table({
    head: cellColumns.map(({ name }) => name),
    colAligns: cellColumns.map((_, column) => (column === 1 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const cell of cells) table.push(cellColumns.map(({ of }) => of(cell)));
  return table.toString();
}

/** What a run shows and what it does not, in a sentence made from the figures of the cells that count. */
export function conclusion(run: CellsDocument): string {
  const cells = run.cells.filter((cell) => cell.valid && cell.audit.passed);
  if (cells.length === 0)
    return "No cell of this run is both valid and passed by the audit, so it shows nothing of speed.";
  return run.benchmark === "load" ? loadConclusion(cells[0] as Cell) : quickConclusion(run, cells);
}

function loadConclusion({ servers, deliveredPerSecond, deliveryMs, serverCpuMicrosPerDelivery }: Cell): string {
  const took = deliveryMs ? `99% of them within ${figure(deliveryMs.p99)} ms` : "at no known speed";
  return `${servers} ${servers === 1 ? "server" : "servers"} delivered ${figure(deliveredPerSecond)} messages a second, ${took}, for ${figure(serverCpuMicrosPerDelivery)} µs of server CPU each; one run does not show what they can bear at most, nor how much the machines' other work had a part in it.`;
}

function quickConclusion({ environment, workload }: CellsDocument, cells: readonly Cell[]): string {
  const fewest = Math.min(...cells.map((cell) => cell.servers));
  const most = Math.max(...cells.map((cell) => cell.servers));
  const at = (servers: number) => cells.filter((cell) => cell.servers === servers);
  const cpu = (servers: number) => median(at(servers).map((cell) => cell.serverCpuMicrosPerDelivery));
  const p99 = (servers: number) =>
    median(at(servers).flatMap((cell) => (cell.deliveryMs ? [cell.deliveryMs.p99] : [])));
  const machine = `With servers, database and simulated users together on ${environment.cpuCount} cores`;
  const shown = `${machine}, going from ${fewest} to ${most} servers took the server CPU of a delivery from ${figure(cpu(fewest))} to ${figure(cpu(most))} µs and its p99 from ${figure(p99(fewest))} to ${figure(p99(most))} ms (medians over the strategies), and the fullest server had ${spread(at(most))} of its even share`;
  return `${shown}; one run of ${workload.durationSeconds} s a cell does not show how servers scale on machines of their own, nor any difference smaller than what two runs of one cell differ by.`;
}

function spread(cells: readonly Cell[]): string {
  return cells.map((cell) => `${Math.round(cell.imbalance.maxOverMean * 100)}% (${cell.strategy})`).join(", ");
}

/** Everything that the table's figures do not tell: broken promises, why cells are not valid, and what failed. */
export function notes(cells: readonly Cell[]): string[] {
  return [...breachLines(cells), ...invalidLines(cells), ...failureLines(cells)];
}

/** Which promises were broken, with the messages concerned; empty when none was. */
function breachLines(cells: readonly Cell[]): string[] {
  return cells
    .filter((cell) => !cell.audit.passed)
    .flatMap(({ servers, strategy, audit }) => [
      `${servers} servers, ${strategy}: lost ${audit.lost}, duplicated ${audit.duplicated}, reordered ${audit.reordered}, undecryptable ${audit.undecryptable}, trespassing ${audit.trespassing}, not stored ${audit.notStored}`,
      ...audit.breaches.map((breach) => `  ${breachText(breach)}`),
    ]);
}

export function breachText({ promise, what, group, seq, client }: Cell["audit"]["breaches"][number]): string {
  const where = [
    `group ${group}`,
    seq === undefined ? "" : `message ${seq}`,
    client === undefined ? "" : `client ${client}`,
  ];
  return `promise ${promise} (${promiseNames[promise]}): ${what} [${where.filter((part) => part !== "").join(", ")}]`;
}

const promiseNames: Readonly<Record<number, string>> = {
  1: "acknowledged is durable",
  2: "one order",
  3: "exactly once",
  4: "members only",
  5: "members can read",
};

/** Messages without acknowledgement and refused changes, a line a cell that had some. */
function failureLines(cells: readonly Cell[]): string[] {
  return cells.flatMap(({ servers, strategy, failures }) => {
    const counts = Object.entries(failures).map(([code, count]) => `${count} × ${code}`);
    return counts.length === 0 ? [] : [`${servers} servers, ${strategy}: ${counts.join(", ")}`];
  });
}

/** Why cells are not valid, one line each. */
function invalidLines(cells: readonly Cell[]): string[] {
  return cells
    .filter((cell) => !cell.valid)
    .map((cell) => `${cell.servers} servers, ${cell.strategy}, is not valid: ${cell.invalidReasons.join("; ")}`);
}
