import type { Cell, CellsDocument } from "../document/cells-document.ts";
import { median } from "../statistics/median.ts";
import { counted, figure } from "./figures.ts";

/** What a run shows and what it does not show, in one sentence with the figures of the cells that count. */
export function conclusion(run: CellsDocument): string {
  const kept = run.cells.filter((cell) => cell.audit.passed);
  const timed = kept.filter((cell) => cell.valid);
  if (run.benchmark === "load") return timed[0] ? loadConclusion(timed[0]) : nothingShown;
  const priced = kept.filter(isPriced);
  return priced.length === 0 ? nothingShown : quickConclusion(run, priced, timed);
}

const nothingShown = "No cell of this run is both valid and passed by the audit, so it shows nothing of speed.";

/**
 * Whether a cell's CPU figures count: they do when only its sends were late, since late messages cost the servers as much, and
 * CPU is not read by the generator. Its latencies count only if the cell is valid.
 */
function isPriced({ invalidReasons }: Cell): boolean {
  return invalidReasons.every(({ code }) => code === "sends_late");
}

function loadConclusion({ servers, deliveredPerSecond, deliveryMs, serverCpuMicrosPerDelivery }: Cell): string {
  const took = deliveryMs ? `99% of them within ${figure(deliveryMs.p99)} ms` : "at no known speed";
  return `${counted(servers, "server")} delivered ${figure(deliveredPerSecond)} messages a second, ${took}, for ${figure(serverCpuMicrosPerDelivery)} µs of server CPU each; one run does not show what they can bear at most, nor how much the machines' other work had a part in it.`;
}

/** The CPU and balance of all `priced` cells count; the latencies only of those that are `timed`. */
function quickConclusion(
  { environment, workload }: CellsDocument,
  priced: readonly Cell[],
  timed: readonly Cell[],
): string {
  const counts = priced.map((cell) => cell.servers);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const where = `With servers, database and simulated users together on ${counted(environment.cpuCount, "core")}`;
  const cost = fewest === most ? costText(priced, timed, most) : changeText(priced, timed, fewest, most);
  const medians = new Set(priced.map((cell) => cell.strategy)).size > 1 ? " (medians over the strategies)" : "";
  const balance = most > 1 ? `, and the fullest server had ${balanceText(priced, most)} of its even share` : "";
  const limits = `one run of ${figure(workload.durationSeconds)} s a cell does not show how servers scale on machines of their own, nor any difference smaller than what two runs of one cell differ by${noiseText(priced)}`;
  return `${where}, ${cost}${medians}${balance}; ${limits}.`;
}

function costText(priced: readonly Cell[], timed: readonly Cell[], servers: number): string {
  const p99 = p99Of(timed, servers);
  const latency =
    p99 === undefined ? " (no latency counts, as sends were late)" : ` and ${figure(p99)} ms at the 99th percentile`;
  return `a delivery of ${counted(servers, "server")} took ${figure(cpuOf(priced, servers))} µs of server CPU${latency}`;
}

function changeText(priced: readonly Cell[], timed: readonly Cell[], fewest: number, most: number): string {
  const cpu = `from ${figure(cpuOf(priced, fewest))} to ${figure(cpuOf(priced, most))} µs`;
  const [before, after] = [p99Of(timed, fewest), p99Of(timed, most)];
  const latency =
    before === undefined || after === undefined
      ? ", while no latency can be compared, as sends were late"
      : ` and its p99 from ${figure(before)} to ${figure(after)} ms`;
  return `going from ${fewest} to ${most} servers took the server CPU of a delivery ${cpu}${latency}`;
}

const cpuOf = (cells: readonly Cell[], servers: number) =>
  median(cells.filter((cell) => cell.servers === servers).map((cell) => cell.serverCpuMicrosPerDelivery));

/** The median p99 of the cells with so many servers; undefined where none has latencies that count. */
function p99Of(cells: readonly Cell[], servers: number): number | undefined {
  const known = cells.flatMap((cell) => (cell.servers === servers && cell.deliveryMs ? [cell.deliveryMs.p99] : []));
  return known.length === 0 ? undefined : median(known);
}

function balanceText(cells: readonly Cell[], servers: number): string {
  return cells
    .filter((cell) => cell.servers === servers)
    .map((cell) => `${Math.round(cell.imbalance.maxOverMean * 100)}% (${cell.strategy})`)
    .join(", ");
}

/** The noise: by how much cells of one server differ, for which all strategies are the same. */
function noiseText(priced: readonly Cell[]): string {
  const same = priced.filter((cell) => cell.servers === 1).map((cell) => cell.serverCpuMicrosPerDelivery);
  if (same.length < 2) return "";
  const percent = Math.round((Math.max(...same) / Math.min(...same) - 1) * 100);
  return `, which here was up to ${percent}% of CPU, as the cells of one server show: to them, all strategies are the same`;
}
