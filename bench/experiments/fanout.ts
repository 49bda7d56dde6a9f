import { invalidText } from "../../loadgen/recorder/validity.ts";
import type { Workload } from "../../loadgen/workload/workload.ts";
import { defineBenchmark } from "../benchmark.ts";
import type { Environment } from "../document/document.ts";
import { type FanoutDocument, type FanoutPoint, fanoutDocument } from "../document/fanout-document.ts";
import { throwIfInterrupted } from "../document/interruption.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { availableArms, type FanoutArm } from "../measurement/fanout-arms.ts";
import { workloadFrom } from "../measurement/workload-from.ts";
import { option } from "../options.ts";
import { breachText } from "../report/breach-text.ts";
import { figure, pair } from "../report/figures.ts";
import { plainTable } from "../report/plain-table.ts";
import { type Laboratory, openLaboratory } from "../started/laboratory.ts";
import { median } from "../statistics/median.ts";

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
  passed: ({ points }) => points.every((point) => point.complete),
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
        for (const arm of turned(arms, round)) {
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

/** The list, beginning with another item in each round. */
function turned<T>(list: readonly T[], by: number): T[] {
  const first = by % Math.max(1, list.length);
  return [...list.slice(first), ...list.slice(0, first)];
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
    const cpu: number[] = [];
    const database: (number | undefined)[] = [];
    const measured = await underTest.load(workload, async () => {
      cpu.push((await underTest.usage()).cpuSeconds);
      database.push(arm.usesDatabase ? options.laboratory.databaseCpuSeconds() : 0);
    });
    const deliveries = measured.deliveredPerSecond * workload.durationSeconds;
    const micros = ([before, after]: readonly (number | undefined)[]) =>
      before === undefined || after === undefined || deliveries === 0
        ? undefined
        : ((after - before) * 1e6) / deliveries;
    const point: FanoutPoint = {
      arm: arm.name,
      round,
      ratePerSecond: workload.arrivals.kind === "saturate" ? null : workload.arrivals.ratePerSecond,
      ...measured,
      serverCpuMicrosPerDelivery: micros(cpu) ?? 0,
      databaseCpuMicrosPerDelivery: micros(database) ?? null,
    };
    return { point, environment: underTest.environment };
  } finally {
    await underTest.stop();
  }
}

const total = (point: FanoutPoint) => point.serverCpuMicrosPerDelivery + (point.databaseCpuMicrosPerDelivery ?? 0);

/** The points whose deliveries have a cost: those with deliveries in the measured time. */
const priced = (points: readonly FanoutPoint[]) => points.filter(({ deliveredPerSecond }) => deliveredPerSecond > 0);

const atRate = ({ arm, ratePerSecond }: Pick<FanoutPoint, "arm" | "ratePerSecond">) =>
  `${arm} at ${ratePerSecond === null ? "saturation" : `${figure(ratePerSecond)}/s`}`;

/** A row for each arm at each rate: medians over the rounds, and the cost as a multiple of the run's bare-uws arm. */
export function fanoutTable({ points }: FanoutDocument): string {
  const rates = [...new Set(points.map((point) => point.ratePerSecond))];
  const arms = [...new Set(points.map((point) => point.arm))];
  const rows = rates.flatMap((rate) => {
    const of = (arm: string) => points.filter((point) => point.arm === arm && point.ratePerSecond === rate);
    const bare = median(priced(of("bare-uws")).map(total));
    return arms.map((arm) => {
      const measured = of(arm);
      const costly = priced(measured);
      const cost = median(costly.map(total));
      const latency = (quantile: "p50" | "p99") =>
        median(measured.map((point) => point.deliveryMs?.[quantile] ?? Number.NaN));
      return [
        atRate({ arm, ratePerSecond: rate }),
        figure(median(measured.map((point) => point.deliveredPerSecond))),
        figure(median(costly.map((point) => point.serverCpuMicrosPerDelivery))),
        figure(median(costly.map((point) => point.databaseCpuMicrosPerDelivery ?? 0))),
        figure(cost),
        Number.isFinite(cost / bare) ? `${(cost / bare).toFixed(2)} ×` : "–",
        pair({ p50: latency("p50"), p99: latency("p99") }),
        measured.every((point) => point.complete) ? "yes" : "NO",
        measured.every((point) => point.valid) ? "yes" : "no",
      ];
    });
  });
  const head = [
    "arm",
    "delivered/s",
    "server µs\n/delivery",
    "database µs\n/delivery",
    "together",
    "of bare uws",
    "delivery ms\np50 / p99",
    "complete",
    "valid",
  ];
  return plainTable(head, rows);
}

/** Incomplete and invalid points and broken promises, one line each. */
export function fanoutNotes({ points }: FanoutDocument): string[] {
  return points.flatMap((point) => {
    const { round, complete, invalidReasons, breaches } = point;
    const where = `${atRate(point)}, round ${round + 1}`;
    return [
      ...(complete ? [] : [`${where}: not every message reached all members`]),
      ...invalidReasons.map((reason) => `${where} is not valid: ${invalidText(reason)}`),
      ...breaches.map((breach) => `${where}: ${breachText(breach)}`),
    ];
  });
}
