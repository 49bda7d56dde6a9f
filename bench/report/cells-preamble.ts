import type { Cell, CellsDocument, Pilot } from "../document/cells-document.ts";
import { median } from "../statistics/median.ts";
import { othersCores } from "./cells-table.ts";
import { counted, figure } from "./figures.ts";

/** Sentences that a reader must know before the figures: at which rate they were measured, and what else the machine did. */
export function preamble(run: CellsDocument): string[] {
  return [...(run.benchmark === "quick" ? [rateText(run)] : []), machineText(run)];
}

function rateText({ pilot, workload: { arrivals, clients } }: CellsDocument): string {
  const users = `${figure(clients)} simulated users`;
  if (pilot) return `${pilotText(pilot)} The ${users} write at that rate in all cells.`;
  const rate = arrivals.kind === "saturate" ? "as fast as they can" : `${figure(arrivals.ratePerSecond)} messages/s`;
  return `Without a pilot, since the rate was given: ${users} write ${rate} in all cells.`;
}

function pilotText(pilot: Pilot): string {
  const { servers, rungs, heldPerSecond, share, ratePerSecond, ratePerSecondMin, ratePerSecondMax, failure } = pilot;
  const where = counted(servers, "server");
  const cells = `cells are measured at ${figure(ratePerSecond)}`;
  if (failure) {
    const held = heldPerSecond === null ? "" : ` after ${figure(heldPerSecond)} messages/s had been held`;
    return `The pilot with ${where} failed${held} (${failure.code}: ${failure.message}); ${cells} messages/s.`;
  }
  const last = rungs.at(-1);
  const limit =
    last === undefined || last.held
      ? ", the most that it tries"
      : `, and not ${figure(last.ratePerSecond)} (${last.reasons.join("; ")})`;
  if (heldPerSecond === null) {
    return `In a short pilot, ${where} did not even hold ${figure(last?.ratePerSecond ?? 0)} messages/s (${last?.reasons.join("; ")}). ${capital(cells)} messages/s, the least that makes a 99th percentile: latencies show what keeps this machine busy as much as they show the servers.`;
  }
  const part = share === 0.5 ? "half" : `${Math.round(share * 100)}%`;
  const bound =
    ratePerSecond === ratePerSecondMax
      ? `${part} of that, and the most, so that figures of different machines can be compared`
      : ratePerSecond > share * heldPerSecond
        ? `more than ${part} of that, but the least that makes a 99th percentile (${figure(ratePerSecondMin)})`
        : `${part} of that`;
  return `In a short pilot, ${where} held ${figure(heldPerSecond)} messages/s${limit}; ${cells}: ${bound}.`;
}

function machineText({ environment, cells }: CellsDocument): string {
  const { cpuCount, cpuLimitCores, loadAverage } = environment;
  const cores = counted(cpuCount, "core");
  const limit = cpuLimitCores === null ? "" : `, of which it gives this run ${figure(cpuLimitCores)} at most`;
  const before = `The machine has ${cores}${limit}; its load average before the run was ${figure(loadAverage)}`;
  const others = [
    ...spread(
      "other programs",
      cells.map(({ machine }) => machine.otherCpuCores),
    ),
    ...spread(
      "other virtual machines",
      cells.map(({ machine }) => machine.stolenCpuCores),
    ),
  ];
  const meanwhile = others.length === 0 ? "" : `; while cells were measured, ${others.join(" and ")}`;
  return `${before}${meanwhile}.${isBusy(cells, cpuCount) ? ` ${busyText}` : ""}`;
}

/** Whether others used so much of the machine that the measured programs waited for them. */
function isBusy(cells: readonly Cell[], cpuCount: number): boolean {
  const known = cells.map(othersCores).filter((cores) => cores !== null);
  return median(known) > busyShareMin * cpuCount;
}

const busyShareMin = 0.25;
const busyText = "Waiting for these is in all latencies; what a delivery costs in CPU is what repeats.";

/** What others used of the machine, over all cells; empty where that is unknown, or too little to matter. */
function spread(who: string, cores: readonly (number | null)[]): string[] {
  const known = cores.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)].map((value) => value.toFixed(1));
  if (known.length === 0 || most === "0.0") return [];
  const between = least === most ? "" : ` (${least} to ${most})`;
  return [`${who} used ${median(known).toFixed(1)} of its cores${between}`];
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
