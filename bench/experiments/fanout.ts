import type { Workload } from "../../loadgen/workload/workload.ts";
import { defineBenchmark } from "../benchmark.ts";
import type { Environment } from "../document/document.ts";
import { type FanoutDocument, type FanoutPoint, fanoutDocument } from "../document/fanout-document.ts";
import { throwIfInterrupted } from "../document/interruption.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { availableArms, type FanoutArm, inTurn } from "../measurement/fanout-arms.ts";
import { type FanoutReading, fanoutPoint } from "../measurement/fanout-point.ts";
import { workloadFrom } from "../measurement/workload-from.ts";
import { option } from "../options.ts";
import { fanoutNotes, fanoutPassed, fanoutTable } from "../report/fanout-table.ts";
import { type Laboratory, openLaboratory } from "../started/laboratory.ts";

export const fanout = defineBenchmark({
  name: "fanout",
  question: "what do durability, order and login cost beside servers that only pass messages on?",
  description:
    "FastChat beside servers that only pass messages on (and NATS, if there is one): CPU a delivery, and latency.",
  options: {
    rounds: option.whole({ help: "times that every arm is measured", default: 3 }),
    seconds: option.positive({ help: "measured time of each arm at each rate", default: 6 }),
    clients: option.whole({ help: "connected clients", default: 1000 }),
  },
  examples: ["", "--rounds 1 --seconds 3"],
  schema: fanoutDocument,
  table: fanoutTable,
  notes: fanoutNotes,
  passed: fanoutPassed,
  run: ({ rounds, seconds, clients }, parts) =>
    runFanout({ ...fixedSettings, arms: availableArms(), rounds, clients, durationSeconds: seconds }, parts),
});

interface FanoutSettings {
  readonly arms: readonly FanoutArm[];
  /** Messages a second; `saturated` keeps four messages under way in each group. */
  readonly rates: readonly (number | "saturated")[];
  readonly rounds: number;
  readonly clients: number;
  readonly groupSize: number;
  readonly payloadBytes: number;
  readonly durationSeconds: number;
  readonly warmUpSeconds: number;
}

/** Settings that no option changes. */
const fixedSettings = {
  rates: [1000, 4000, 8000, "saturated"],
  groupSize: 50,
  payloadBytes: 128,
  warmUpSeconds: 2,
} as const;

/**
 * Sends the same messages to the same groups through FastChat and through servers that only pass them on: the difference is
 * what durability, order and login cost. Arms take turns, each time in a fresh process, so that a machine that gets slower
 * slows down all of them.
 */
export async function runFanout(
  settings: FanoutSettings,
  parts: BenchmarkRun<FanoutDocument>,
): Promise<FanoutDocument> {
  const { arms, rates, rounds } = settings;
  const startedAt = new Date().toISOString();
  const laboratory = await openLaboratory(parts, 2);
  try {
    const points: FanoutPoint[] = [];
    let environment = laboratory.environment();
    const document = (): FanoutDocument => ({
      schemaVersion: 1,
      benchmark: "fanout",
      startedAt,
      environment,
      workload: workloadAt(settings, 1000),
      points: [...points],
    });
    const of = rounds * rates.length * arms.length;
    for (let round = 0; round < rounds; round++) {
      for (const rate of rates) {
        for (const arm of inTurn(arms, round)) {
          throwIfInterrupted(parts.signal);
          const what = `${arm.name} at ${rate}${rate === "saturated" ? "" : "/s"}`;
          parts.onStep?.(what, { number: points.length + 1, of });
          const measured = await measure(workloadAt(settings, rate), {
            ...settings,
            laboratory,
            arm,
            round,
            signal: parts.signal,
          });
          environment = measured.environment ?? environment;
          points.push(measured.point);
          parts.onMeasured?.(document());
        }
      }
    }
    return document();
  } finally {
    await laboratory.close();
  }
}

function workloadAt(settings: FanoutSettings, rate: number | "saturated"): Workload {
  return workloadFrom({
    name: "fanout",
    clients: settings.clients,
    groups: [
      { count: Math.max(1, settings.clients / settings.groupSize), sizes: { kind: "fixed", size: settings.groupSize } },
    ],
    payload: { kind: "fixed", bytes: settings.payloadBytes },
    arrivals:
      rate === "saturated" ? { kind: "saturate", inFlightPerGroup: 4 } : { kind: "constant", ratePerSecond: rate },
    encryption: { mode: "sealed" },
    warmUpSeconds: settings.warmUpSeconds,
    durationSeconds: settings.durationSeconds,
  });
}

interface PointOf {
  readonly laboratory: Laboratory;
  readonly arm: FanoutArm;
  readonly round: number;
  readonly payloadBytes: number;
  readonly signal: AbortSignal;
}

async function measure(
  workload: Workload,
  { arm, round, ...options }: PointOf,
): Promise<{ point: FanoutPoint; environment: Environment | undefined }> {
  const underTest = await arm.start(options);
  try {
    const readings: FanoutReading[] = [];
    const measured = await underTest.load(workload, async () => {
      const { cpuSeconds } = await underTest.usage();
      const databaseCpuSeconds = arm.usesDatabase ? options.laboratory.databaseCpuSeconds() : 0;
      readings.push({ cpuSeconds, databaseCpuSeconds });
    });
    const [before, after] = readings;
    const point = fanoutPoint({ arm: arm.name, round, workload, measured, before, after });
    return { point, environment: underTest.environment };
  } finally {
    await underTest.stop();
  }
}
