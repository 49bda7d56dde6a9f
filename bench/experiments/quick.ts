import { type StrategyName, strategyNames } from "../../core/cluster/assigning/strategies.ts";
import type { Durability } from "../../core/cluster/deployment.ts";
import { serveSettings } from "../../core/cluster/serve-settings.ts";
import { readSetting } from "../../core/platform/config.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import { transportNames } from "../../core/server/transport/transport.ts";
import { generatorCodes } from "../../loadgen/recorder/validity.ts";
import { presets, type Workload } from "../../loadgen/workload/workload.ts";
import { defineBenchmark } from "../benchmark.ts";
import type { Cell, CellsDocument, CellTry, FailedCell } from "../document/cells-document.ts";
import type { Environment } from "../document/document.ts";
import { throwIfInterrupted } from "../document/interruption.ts";
import type { StepNumber } from "../document/run-events.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { measureCell } from "../measurement/measure-cell.ts";
import { ratePerSecondMax, runPilot } from "../measurement/pilot.ts";
import { simulationNotes } from "../measurement/simulation-notes.ts";
import { simulatedAccounts, workloadFrom } from "../measurement/workload-from.ts";
import { option } from "../options.ts";
import { cellsOf } from "../report/cells.ts";
import { counted } from "../report/figures.ts";
import { type Laboratory, openLaboratory } from "../started/laboratory.ts";
import { ServerProcess } from "../started/server-process.ts";

const twoStrategies = strategyNames.slice(0, 2).join(",");

export const quick = defineBenchmark({
  ...cellsOf("quick"),
  name: "quick",
  question: "what do 1, 2 and 4 servers under each strategy cost, with encrypted clients that come and go?",
  description:
    "Compares numbers of servers and balancing strategies, with encrypted, audited clients: by default in under three minutes on two quiet cores, and in more on a machine that does other things.",
  options: {
    servers: option.list({
      help: "numbers of servers",
      items: {
        parse: (text) => readSetting(serveSettings.servers, text),
        choice: "numbers of servers",
        example: "1,2,8",
      },
      default: [1, 2, 4],
    }),
    strategies: option.list({
      help: `some of ${strategyNames.join(", ")}`,
      items: {
        parse: (text) => readSetting(serveSettings.strategy, text),
        choice: "names of strategies",
        example: twoStrategies,
      },
      default: strategyNames,
      defaultShown: "all",
    }),
    rate: option.optionalPositive({
      help: `messages a second, without a pilot (default: half of what a pilot finds this machine to hold, ${ratePerSecondMax} at most)`,
    }),
    clients: option.whole({ help: "simulated users", default: presets.rooms.clients }),
    seconds: option.optionalPositive({
      help: "measured time of each cell (default: 3 to 6, the more cells the less)",
    }),
    transport: option.choice({ help: "what carries the sockets", values: transportNames, default: "uws" }),
  },
  examples: [
    "",
    `--servers 1,2,8 --strategies ${twoStrategies}`,
    "--rate 500 --clients 1000 --seconds 20 --json quick.json",
  ],
  remark: `Exit code 1 says that a cell failed, or that the audit found a broken promise; what was measured is below results/ all
the same, also after Ctrl-C.`,
  hasProgress: true,
  run: ({ servers, strategies, rate, clients, transport, ...flags }, parts) => {
    const seconds = flags.seconds ?? quickSeconds(servers.length * strategies.length);
    const workload = quickWorkload({ clients, seconds, ratePerSecond: rate });
    return runQuick({ servers, strategies, workload, fitted: rate === undefined, transport }, parts);
  },
});

type QuickDocument = CellsDocument & { readonly benchmark: "quick" };

export interface QuickSettings {
  readonly servers: readonly number[];
  readonly strategies: readonly StrategyName[];
  readonly workload: Workload;
  /** Whether a pilot finds the rate that fits this machine; if not, the rate is the workload's. */
  readonly fitted?: boolean;
  readonly transport: "uws" | "ws";
}

/** Measured time of a cell: the more cells, the less each gets, so that the run does not take longer. */
export function quickSeconds(cells: number): number {
  return Math.min(secondsMax, Math.max(secondsMin, secondsOfAll / cells));
}

const secondsMin = 3;
const secondsMax = 6;
const secondsOfAll = 12 * secondsMax;

/**
 * Encrypted rooms of skewed size, some of whose members come and go. There are as many rooms for each client as in the preset.
 */
export function quickWorkload(of: { clients: number; seconds: number; ratePerSecond?: number | undefined }): Workload {
  const { clients, seconds: durationSeconds, ratePerSecond = ratePerSecondMax } = of;
  const [{ count, sizes, ...rooms }] = presets.rooms.groups;
  return workloadFrom({
    ...presets.rooms,
    clients,
    groups: [
      {
        ...rooms,
        count: Math.max(1, Math.round((count * clients) / presets.rooms.clients)),
        sizes: { ...sizes, min: Math.min(sizes.min, clients), max: Math.min(sizes.max, clients) },
      },
    ],
    arrivals: { kind: "poisson", ratePerSecond },
    churn: { awayShare: 0.1, awaySeconds: 1.5, removedShare: 0.02, removedSeconds: 1.5 },
    warmUpSeconds: 1.5,
    durationSeconds,
  });
}

/**
 * Compares numbers of servers and strategies: each cell has fresh servers and a fresh database, and all have one rate. A cell
 * that is invalid because of the generator is measured once more after all others. A cell that fails does not end the run.
 */
export async function runQuick(settings: QuickSettings, parts: BenchmarkRun<QuickDocument>): Promise<QuickDocument> {
  const startedAt = new Date().toISOString();
  parts.onStep?.("starting a database");
  const laboratory = await openLaboratory(parts, settings.workload.keyPairs);
  try {
    return await new QuickCells(settings, parts, { laboratory, startedAt }).run();
  } finally {
    await laboratory.close();
  }
}

/** A planned cell, and its figures or failure. */
interface PlannedCell {
  readonly servers: number;
  readonly strategy: StrategyName;
  cell: Cell | undefined;
  failed: FailedCell | undefined;
}

class QuickCells {
  readonly #settings: QuickSettings;
  readonly #parts: BenchmarkRun<QuickDocument>;
  readonly #laboratory: Laboratory;
  readonly #startedAt: string;
  readonly #plan: readonly PlannedCell[];
  #workload: Workload;
  #environment: Environment;
  #pilot: CellsDocument["pilot"] = null;

  constructor(
    settings: QuickSettings,
    parts: BenchmarkRun<QuickDocument>,
    { laboratory, startedAt }: { readonly laboratory: Laboratory; readonly startedAt: string },
  ) {
    this.#settings = settings;
    this.#parts = parts;
    this.#laboratory = laboratory;
    this.#startedAt = startedAt;
    this.#workload = settings.workload;
    this.#environment = laboratory.environment();
    this.#plan = settings.servers.flatMap((servers) =>
      settings.strategies.map((strategy) => ({ servers, strategy, cell: undefined, failed: undefined })),
    );
  }

  async run(): Promise<QuickDocument> {
    if (this.#settings.fitted) await this.#fit();
    const of = this.#plan.length;
    for (const [i, planned] of this.#plan.entries()) await this.#measure(planned, { number: i + 1, of });
    const again = this.#plan.filter(({ cell }) => cell && spoiled(cell));
    for (const [i, planned] of again.entries()) {
      await this.#measure(planned, { number: of + i + 1, of: of + again.length }, "again ");
    }
    return this.#document();
  }

  /** Runs the pilot with the most servers, the costliest cells: a rate that these hold, all hold. */
  async #fit(): Promise<void> {
    const { log, signal } = this.#parts;
    const servers = Math.max(...this.#settings.servers);
    const [strategy] = this.#settings.strategies;
    if (strategy === undefined) throw new Error("a comparison of no strategy");
    const pilot = `pilot: ${counted(servers, "server")}`;
    this.#step(pilot);
    this.#pilot = await runPilot({
      servers,
      strategy,
      workload: this.#workload,
      accounts: simulatedAccounts,
      keyPairs: this.#laboratory.keyPairs,
      signal,
      onServers: (work) => this.#onServers({ servers, strategy }, ({ target }) => work(target)),
      onRung: (ratePerSecond) => this.#step(`${pilot} at ${ratePerSecond} messages/s`),
      onProgress: (progress) => this.#parts.onProgress?.(progress),
    });
    const { failure, ratePerSecond } = this.#pilot;
    if (failure) log.warn(failure, "the pilot failed; the cells are measured at the lowest rate");
    this.#workload = { ...this.#workload, arrivals: { kind: "poisson", ratePerSecond } };
  }

  async #measure(planned: PlannedCell, step: StepNumber, again = ""): Promise<void> {
    const { log, signal } = this.#parts;
    const { servers, strategy } = planned;
    this.#step(`${again}${counted(servers, "server")}, ${strategy}`, step);
    try {
      const cell = await this.#onServers(planned, ({ target, ready }) =>
        measureCell({
          target,
          servers,
          workload: this.#workload,
          accounts: simulatedAccounts,
          keyPairs: this.#laboratory.keyPairs,
          strategy,
          transport: ready.transport,
          databaseCpuSeconds: () => this.#laboratory.databaseCpuSeconds(),
          onProgress: (progress) => this.#parts.onProgress?.(progress),
          signal,
        }),
      );
      planned.cell = { ...cell, earlierTries: planned.cell ? [tryOf(planned.cell)] : [] };
    } catch (cause) {
      if (signal.aborted) throw cause;
      if (!(cause instanceof Failure)) log.error({ err: cause }, "a cell failed");
      const failure = { code: cause instanceof Failure ? cause.code : "cell_failed", message: messageOf(cause) };
      // The cell keeps the figures of its first try.
      if (planned.cell) planned.cell = { ...planned.cell, failedTry: failure };
      else planned.failed = { servers, strategy, ...failure };
    }
    this.#parts.onMeasured?.(this.#document());
  }

  async #onServers<T>(
    { servers, strategy }: { readonly servers: number; readonly strategy: StrategyName },
    work: (server: ServerProcess) => Promise<T>,
  ): Promise<T> {
    const { transport } = this.#settings;
    const config = await this.#laboratory.serveConfig({ servers, strategy, transport });
    const server = await ServerProcess.start({ kind: "fastchat", config });
    try {
      if (server.ready.durability) this.#stateDurability(server.ready.durability);
      return await work(server);
    } finally {
      await server.stop();
    }
  }

  #stateDurability({ postgres, synchronousCommit, fsync }: Durability): void {
    const durability = { ...this.#environment.durability, synchronousCommit, fsync };
    this.#environment = { ...this.#environment, postgres, durability };
  }

  #step(what: string, step?: StepNumber): void {
    throwIfInterrupted(this.#parts.signal);
    this.#parts.onStep?.(what, step);
  }

  #document(): QuickDocument {
    return {
      schemaVersion: 1,
      benchmark: "quick",
      startedAt: this.#startedAt,
      environment: this.#environment,
      workload: this.#workload,
      simulation: simulationNotes(this.#workload),
      pilot: this.#pilot,
      cells: this.#plan.flatMap(({ cell }) => cell ?? []),
      failed: this.#plan.flatMap(({ failed }) => failed ?? []),
    };
  }
}

/** Whether another try may be valid. A cell with a broken promise is not tried again: it is the run's result. */
export function spoiled({ audit, invalidReasons }: CellTry): boolean {
  return audit.passed && invalidReasons.some(({ code }) => generatorCodes.has(code));
}

function tryOf(cell: Cell): CellTry {
  const { earlierTries: _, ...figures } = cell;
  return figures;
}
