import type { Durability } from "../../core/cluster/deployment.ts";
import { type StrategyName, strategyNames } from "../../core/cluster/strategies.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import type { Progress } from "../../loadgen/crew.ts";
import { generatorCodes } from "../../loadgen/validity.ts";
import { presets, type Workload } from "../../loadgen/workload.ts";
import { measureCell } from "../compared/measure-cell.ts";
import { ratePerSecondMax, runPilot } from "../compared/pilot.ts";
import { workloadFrom } from "../compared/workload-from.ts";
import { counted } from "../report/figures.ts";
import type { Cell, CellsDocument, CellTry, Environment, FailedCell } from "../report/results.ts";
import type { Watch } from "../report/watch.ts";
import { ServerProcess } from "../started/child-process.ts";
import { type Laboratory, type LaboratoryOptions, openLaboratory } from "../started/laboratory.ts";

export interface QuickOptions extends Watch<CellsDocument>, LaboratoryOptions {
  readonly servers: readonly number[];
  readonly strategies: readonly StrategyName[];
  readonly workload: Workload;
  /** A pilot finds the rate that fits this machine; without, it is the workload's. */
  readonly fitted?: boolean;
  readonly transport: "uws" | "ws";
  readonly signal: AbortSignal;
  onProgress?(progress: Progress): void;
}

export const quickDefaults = {
  servers: [1, 2, 4],
  strategies: strategyNames,
  clients: presets.rooms.clients,
  transport: "uws",
} as const;

/** Measured time of a cell: with many of them each gets less, so that the whole does not take longer. */
export function quickSeconds(cells: number): number {
  return Math.min(secondsMax, Math.max(secondsMin, secondsOfAll / cells));
}

const secondsMin = 3;
const secondsMax = 6;
const secondsOfAll = 12 * secondsMax;

/** Encrypted rooms of skewed size, some of whose members come and go; as many rooms for each client as the preset has. */
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

/** What the simulation does unlike people, for whoever reads the figures. */
export function simulationNotes(workload: Workload): string[] {
  const { encryption, keyPairs, clients } = workload;
  const notes = [
    `${clients} users share ${keyPairs} key pairs, and their passwords are stretched for a thousandth of the usual time`,
  ];
  if (encryption.mode === "real") {
    notes.push(`every message is sealed, and ${encryption.openShare * 100}% of the deliveries are opened and verified`);
  } else if (encryption.mode === "sealed") notes.push("messages are random bytes as long as sealed ones");
  else notes.push("messages are not encrypted");
  return notes;
}

/**
 * Compares server counts and strategies: fresh servers and a fresh database in each cell, all at one rate. A cell that is
 * invalid for the generator's sake is measured once more when all have been, and one that fails leaves the others alone.
 */
export async function runQuick(options: QuickOptions): Promise<CellsDocument> {
  const startedAt = new Date().toISOString();
  options.onStep?.("starting a database");
  const laboratory = await openLaboratory(options, options.workload.keyPairs);
  try {
    return await new QuickRun(options, laboratory, startedAt).run();
  } finally {
    await laboratory.close();
  }
}

/** A point of the plan, and what has come of it. */
interface Point {
  readonly servers: number;
  readonly strategy: StrategyName;
  cell: Cell | undefined;
  failed: FailedCell | undefined;
}

class QuickRun {
  readonly #options: QuickOptions;
  readonly #laboratory: Laboratory;
  readonly #startedAt: string;
  readonly #plan: readonly Point[];
  #workload: Workload;
  #environment: Environment;
  #pilot: CellsDocument["pilot"] = null;

  constructor(options: QuickOptions, laboratory: Laboratory, startedAt: string) {
    this.#options = options;
    this.#laboratory = laboratory;
    this.#startedAt = startedAt;
    this.#workload = options.workload;
    this.#environment = laboratory.environment();
    this.#plan = options.servers.flatMap((servers) =>
      options.strategies.map((strategy) => ({ servers, strategy, cell: undefined, failed: undefined })),
    );
  }

  async run(): Promise<CellsDocument> {
    if (this.#options.fitted) await this.#fit();
    const of = this.#plan.length;
    for (const [i, point] of this.#plan.entries()) await this.#measure(point, { number: i + 1, of });
    const again = this.#plan.filter(({ cell }) => cell && spoiled(cell));
    for (const [i, point] of again.entries()) {
      await this.#measure(point, { number: of + i + 1, of: of + again.length }, "again ");
    }
    return this.#document();
  }

  /** At the costliest point of the plan: what that holds, the others hold. */
  async #fit(): Promise<void> {
    const { log, signal, strategies } = this.#options;
    const servers = Math.max(...this.#options.servers);
    const strategy = strategies[0] as StrategyName;
    const pilot = `pilot: ${counted(servers, "server")}`;
    this.#step(pilot);
    this.#pilot = await runPilot({
      servers,
      strategy,
      workload: this.#workload,
      accounts,
      keyPairs: this.#laboratory.keyPairs,
      signal,
      onServers: (work) => this.#onServers({ servers, strategy }, ({ target }) => work(target)),
      onRung: (ratePerSecond) => this.#step(`${pilot} at ${ratePerSecond} messages/s`),
      onProgress: (progress) => this.#options.onProgress?.(progress),
    });
    const { failure, ratePerSecond } = this.#pilot;
    if (failure) log.warn(failure, "the pilot failed; the cells are measured at the lowest rate");
    this.#workload = { ...this.#workload, arrivals: { kind: "poisson", ratePerSecond } };
  }

  async #measure(point: Point, step: { number: number; of: number }, again = ""): Promise<void> {
    const { log, signal } = this.#options;
    const { servers, strategy } = point;
    this.#step(`${again}${counted(servers, "server")}, ${strategy}`, step);
    try {
      const cell = await this.#onServers(point, ({ target, ready }) =>
        measureCell({
          target,
          servers,
          workload: this.#workload,
          accounts,
          keyPairs: this.#laboratory.keyPairs,
          strategy,
          transport: ready.transport,
          databaseCpuSeconds: () => this.#laboratory.databaseCpuSeconds(),
          onProgress: (progress) => this.#options.onProgress?.(progress),
          signal,
        }),
      );
      point.cell = { ...cell, earlierTries: point.cell ? [tryOf(point.cell)] : [] };
    } catch (cause) {
      if (signal.aborted) throw cause;
      if (!(cause instanceof Failure)) log.error({ err: cause }, "a cell failed");
      const failure = { code: cause instanceof Failure ? cause.code : "cell_failed", message: messageOf(cause) };
      // The figures of the first try are all that there is of the cell, and stay.
      if (point.cell) point.cell = { ...point.cell, failedTry: failure };
      else point.failed = { servers, strategy, ...failure };
    }
    this.#options.onMeasured?.(this.#document());
  }

  async #onServers<T>(
    { servers, strategy }: { readonly servers: number; readonly strategy: StrategyName },
    work: (server: ServerProcess) => Promise<T>,
  ): Promise<T> {
    const { transport } = this.#options;
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

  #step(what: string, step?: { number: number; of: number }): void {
    if (this.#options.signal.aborted) throw new Failure("interrupted", "the benchmark was stopped", "start it again");
    this.#options.onStep?.(what, step);
  }

  #document(): CellsDocument {
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

const accounts = { kind: "signUp", namePrefix: "user", password: "simulated" } as const;

/** Whether another try may be valid. A broken promise is what the run has found: no other try takes it back. */
export function spoiled({ audit, invalidReasons }: CellTry): boolean {
  return audit.passed && invalidReasons.some(({ code }) => generatorCodes.has(code));
}

function tryOf(cell: Cell): CellTry {
  const { earlierTries: _, ...figures } = cell;
  return figures;
}
