import type { StrategyName } from "../core/cluster/strategies.ts";
import { Failure } from "../core/platform/failure.ts";
import type { Log } from "../core/platform/log.ts";
import type { Progress } from "../loadgen/generator.ts";
import { preset, type Workload } from "../loadgen/workload.ts";
import { ServerProcess } from "./child-process.ts";
import { readEnvironment } from "./environment.ts";
import { Laboratory } from "./laboratory.ts";
import { measureCell } from "./measure-cell.ts";
import type { Cell, CellsDocument, Environment } from "./results.ts";

export interface QuickOptions {
  readonly servers: readonly number[];
  readonly strategies: readonly StrategyName[];
  readonly workload: Workload;
  readonly transport: "uws" | "ws";
  readonly log: Log;
  readonly signal: AbortSignal;
  onCell?(cell: number, of: number, servers: number, strategy: StrategyName): void;
  onProgress?(progress: Progress): void;
  onMeasured?(cell: Cell): void;
}

export const quickServers = [1, 2, 4] as const;
export const quickStrategies = ["round-robin", "random", "least-connections", "two-choices"] as const;

/** Twelve cells in under three minutes on two cores: encrypted rooms of skewed size, some of whose members come and go. */
export function quickWorkload(): Workload {
  const workload = preset("rooms", {
    arrivals: { kind: "poisson", ratePerSecond: 250 },
    churn: { awayShare: 0.1, awaySeconds: 1.5, removedShare: 0.02, removedSeconds: 1.5 },
    warmUpSeconds: 1.5,
    durationSeconds: 6,
  });
  if (!workload.ok) throw new Error(workload.reason);
  return workload.value;
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

/** Compares server counts and strategies: fresh servers and a fresh database in each cell. */
export async function runQuick(options: QuickOptions): Promise<CellsDocument> {
  const { workload, log, signal } = options;
  const startedAt = new Date().toISOString();
  const laboratory = await Laboratory.open(log, workload.keyPairs);
  try {
    const plan = options.servers.flatMap((servers) => options.strategies.map((strategy) => ({ servers, strategy })));
    const cells: Cell[] = [];
    let environment: Environment | undefined;
    for (const [i, { servers, strategy }] of plan.entries()) {
      if (signal.aborted) throw new Failure("interrupted", "the benchmark was stopped", "start it again");
      options.onCell?.(i, plan.length, servers, strategy);
      const config = await laboratory.serveConfig({ servers, strategy, transport: options.transport });
      const server = await ServerProcess.start({ kind: "fastchat", config });
      try {
        environment ??= readEnvironment(server.ready.durability ?? notKnown, laboratory.directory);
        const cell = await measureCell({
          target: server.target,
          workload,
          accounts: { kind: "signUp", namePrefix: "user", password: "simulated" },
          keyPairs: laboratory.keyPairs,
          strategy,
          transport: server.ready.transport,
          databaseCpuSeconds: () => laboratory.databaseCpuSeconds(),
          onProgress: (progress) => options.onProgress?.(progress),
          signal,
        });
        cells.push(cell);
        options.onMeasured?.(cell);
      } finally {
        await server.stop();
      }
    }
    return {
      schemaVersion: 1,
      benchmark: "quick",
      startedAt,
      environment: environment as Environment,
      workload,
      simulation: simulationNotes(workload),
      cells,
    };
  } finally {
    await laboratory.close();
  }
}

const notKnown = { postgres: "not known", synchronousCommit: "not known", fsync: "not known" };
