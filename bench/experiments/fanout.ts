import { encodeContent } from "../../core/e2ee/content.ts";
import { rsaFernetPayloadBytes } from "../../core/e2ee/rsa-fernet.ts";
import { Failure } from "../../core/platform/failure.ts";
import { availableTransport } from "../../core/server/transport/open-transport.ts";
import { deliveredHeaderBytes, deliverHeaderBytes } from "../../core/wire/deliver-frame.ts";
import { generateLoad } from "../../loadgen/generator.ts";
import { generatorFaults, type InvalidReason } from "../../loadgen/validity.ts";
import type { Workload } from "../../loadgen/workload.ts";
import type { Arm, BareKind } from "../compared/arm.ts";
import { workloadFrom } from "../compared/workload-from.ts";
import type { Environment, FanoutDocument, FanoutPoint } from "../report/results.ts";
import type { Watch } from "../report/watch.ts";
import { type BareLoadOptions, connectBareSocket, generateBareLoad } from "../started/bare-load.ts";
import { ServerProcess } from "../started/child-process.ts";
import { type Laboratory, type LaboratoryOptions, openLaboratory } from "../started/laboratory.ts";
import { connectNats, hasNats, NatsServer } from "../started/nats.ts";

export const fanoutArms = [
  "bare-uws",
  "bare-ws",
  "bare-ws-framed",
  "fastchat-uws",
  "fastchat-ws",
  "nats-core",
] as const;
export type FanoutArm = (typeof fanoutArms)[number];

/** Those of the arms that this machine has. */
export function availableArms(): FanoutArm[] {
  const hasUws = availableTransport("uws") === "uws";
  return fanoutArms.filter((arm) => (arm.endsWith("uws") ? hasUws : arm !== "nats-core" || hasNats()));
}

export interface FanoutOptions extends Watch<FanoutDocument>, LaboratoryOptions {
  readonly arms: readonly FanoutArm[];
  /** Messages a second; `saturated` keeps four under way in each group. */
  readonly rates: readonly (number | "saturated")[];
  readonly rounds: number;
  readonly clients: number;
  readonly groupSize: number;
  readonly payloadBytes: number;
  readonly durationSeconds: number;
  readonly warmUpSeconds: number;
  readonly signal: AbortSignal;
}

export const fanoutDefaults = {
  rates: [1000, 4000, 8000, "saturated"],
  rounds: 3,
  clients: 1000,
  groupSize: 50,
  payloadBytes: 128,
  durationSeconds: 6,
  warmUpSeconds: 2,
} as const;

/**
 * What durability, order and login cost beside bare fan-out: the same messages to the same groups through FastChat and
 * through servers that only pass them on. Arms take turns, each time in a fresh process, so that a machine that gets
 * slower slows down all of them.
 */
export async function runFanout(options: FanoutOptions): Promise<FanoutDocument> {
  const { arms, rates, rounds, signal } = options;
  const startedAt = new Date().toISOString();
  const laboratory = await openLaboratory(options, 2);
  try {
    const points: FanoutPoint[] = [];
    let environment = laboratory.environment();
    const document = (): FanoutDocument => ({
      schemaVersion: 1,
      benchmark: "fanout",
      startedAt,
      environment,
      workload: workloadAt(options, 1000),
      points: [...points],
    });
    const of = rounds * rates.length * arms.length;
    for (let round = 0; round < rounds; round++) {
      for (const rate of rates) {
        for (const arm of turned(arms, round)) {
          if (signal.aborted) throw new Failure("interrupted", "the benchmark was stopped", "start it again");
          const what = `${arm} at ${rate}${rate === "saturated" ? "" : "/s"}`;
          options.onStep?.(what, { number: points.length + 1, of });
          const measured = await measure(options, laboratory, arm, rate, round);
          environment = measured.environment ?? environment;
          points.push(measured.point);
          options.onMeasured?.(document());
        }
      }
    }
    return document();
  } finally {
    await laboratory.close();
  }
}

/** Another one begins in each round. */
function turned<T>(list: readonly T[], by: number): T[] {
  return list.map((_, i) => list[(i + by) % list.length] as T);
}

function workloadAt(options: FanoutOptions, rate: number | "saturated"): Workload {
  return workloadFrom({
    name: "fanout",
    clients: options.clients,
    groups: [
      { count: Math.max(1, options.clients / options.groupSize), sizes: { kind: "fixed", size: options.groupSize } },
    ],
    payload: { kind: "fixed", bytes: options.payloadBytes },
    arrivals:
      rate === "saturated" ? { kind: "saturate", inFlightPerGroup: 4 } : { kind: "constant", ratePerSecond: rate },
    encryption: { mode: "sealed" },
    warmUpSeconds: options.warmUpSeconds,
    durationSeconds: options.durationSeconds,
  });
}

/** Bare arms carry as many bytes as a DELIVER of one message. */
function frameBytes(payloadBytes: number): number {
  const content = encodeContent({ kind: "text", text: "a".repeat(payloadBytes) });
  return deliverHeaderBytes + deliveredHeaderBytes + rsaFernetPayloadBytes(content.length);
}

/** What is measured: whoever passes the messages on, and how to put load on it. */
interface UnderTest {
  usage(): Promise<{ cpuSeconds: number }> | { cpuSeconds: number };
  load(workload: Workload, onMeasure: () => Promise<void>): Promise<Measured>;
  readonly environment: Environment | undefined;
  stop(): Promise<void>;
}

const bareKinds: Partial<Record<FanoutArm, BareKind>> = {
  "bare-uws": "uws",
  "bare-ws": "ws",
  "bare-ws-framed": "ws-framed",
};

async function startArm(options: FanoutOptions, laboratory: Laboratory, arm: FanoutArm): Promise<UnderTest> {
  const common = { frameBytes: frameBytes(options.payloadBytes), signal: options.signal };
  if (arm === "nats-core") {
    const nats = await NatsServer.start();
    return {
      usage: () => nats.usage(),
      load: (workload, onMeasure) =>
        measureBare(workload, { connect: connectNats, port: nats.port, ...common }, onMeasure),
      environment: undefined,
      stop: () => nats.stop(),
    };
  }
  const bare = bareKinds[arm];
  const config: Arm = bare
    ? { kind: "bare", server: bare }
    : { kind: "fastchat", config: await laboratory.serveConfig({ transport: arm === "fastchat-ws" ? "ws" : "uws" }) };
  const server = await ServerProcess.start(config);
  const { durability, port } = server.ready;
  return {
    usage: () => server.usage(),
    load: (workload, onMeasure) =>
      bare
        ? measureBare(workload, { connect: connectBareSocket, port, ...common }, onMeasure)
        : measureFastChat(workload, server.target, laboratory, onMeasure, options.signal),
    environment: durability && laboratory.environment(durability),
    stop: () => server.stop(),
  };
}

async function measure(
  options: FanoutOptions,
  laboratory: Laboratory,
  arm: FanoutArm,
  rate: number | "saturated",
  round: number,
): Promise<{ point: FanoutPoint; environment: Environment | undefined }> {
  const workload = workloadAt(options, rate);
  const underTest = await startArm(options, laboratory, arm);
  try {
    const cpu: number[] = [];
    const database: (number | undefined)[] = [];
    const measured = await underTest.load(workload, async () => {
      cpu.push((await underTest.usage()).cpuSeconds);
      database.push(arm.startsWith("fastchat") ? laboratory.databaseCpuSeconds() : 0);
    });
    const deliveries = measured.deliveredPerSecond * workload.durationSeconds;
    const micros = ([before, after]: readonly (number | undefined)[]) =>
      before === undefined || after === undefined || deliveries === 0
        ? undefined
        : ((after - before) * 1e6) / deliveries;
    const point: FanoutPoint = {
      arm,
      round,
      ratePerSecond: rate === "saturated" ? null : rate,
      ...measured,
      serverCpuMicrosPerDelivery: micros(cpu) ?? 0,
      databaseCpuMicrosPerDelivery: micros(database) ?? null,
    };
    return { point, environment: underTest.environment };
  } finally {
    await underTest.stop();
  }
}

type Measured = Omit<
  FanoutPoint,
  "arm" | "round" | "ratePerSecond" | "serverCpuMicrosPerDelivery" | "databaseCpuMicrosPerDelivery"
>;

async function measureBare(
  workload: Workload,
  how: BareLoadOptions,
  onMeasure: () => Promise<void>,
): Promise<Measured> {
  const load = await generateBareLoad(workload, how, onMeasure);
  return {
    deliveredPerSecond: load.deliveredPerSecond,
    deliveryMs: load.deliveryMs ?? null,
    uncorrectedMs: load.uncorrectedMs ?? null,
    lateP99Ms: load.lateP99Ms,
    complete: load.delivered === load.expected,
    ...validity(generatorFaults(workload, { ...load, fromDueMs: load.deliveryMs, fromSentMs: load.uncorrectedMs })),
    breaches: [],
  };
}

async function measureFastChat(
  workload: Workload,
  target: string,
  laboratory: Laboratory,
  onMeasure: () => Promise<void>,
  signal: AbortSignal,
): Promise<Measured> {
  const accounts = { kind: "signUp", namePrefix: "user", password: "simulated" } as const;
  const load = await generateLoad({ workload, target, accounts, keyPairs: laboratory.keyPairs, onMeasure, signal });
  const { uncorrected, ...delivery } = load.deliveryMs ?? { uncorrected: undefined };
  return {
    deliveredPerSecond: load.deliveredPerSecond,
    deliveryMs: load.deliveryMs ? (delivery as NonNullable<Measured["deliveryMs"]>) : null,
    uncorrectedMs: uncorrected ?? null,
    lateP99Ms: load.generator.lateP99Ms,
    complete: load.audit.passed,
    ...validity(load.invalidReasons),
    breaches: [...load.audit.breaches],
  };
}

const validity = (reasons: readonly InvalidReason[]) => ({ valid: reasons.length === 0, invalidReasons: [...reasons] });
