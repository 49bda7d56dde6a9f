import { encodeContent } from "../../core/e2ee/content.ts";
import { rsaFernetPayloadBytes } from "../../core/e2ee/rsa-fernet.ts";
import { systemClock as clock } from "../../core/platform/clock.ts";
import { availableTransport } from "../../core/server/transport/open-transport.ts";
import { deliveredHeaderBytes, deliverHeaderBytes } from "../../core/wire/deliver-frame.ts";
import { generateLoad } from "../../loadgen/generator.ts";
import type { Quantiles } from "../../loadgen/recorder/recorder.ts";
import { generatorFaults, type InvalidReason } from "../../loadgen/recorder/validity.ts";
import type { Workload } from "../../loadgen/workload/workload.ts";
import type { Environment } from "../document/document.ts";
import type { BareKind } from "../started/arm.ts";
import { connectBareSocket } from "../started/bare-client.ts";
import type { Laboratory } from "../started/laboratory.ts";
import { connectNats, hasNats, NatsServer } from "../started/nats.ts";
import { ServerProcess } from "../started/server-process.ts";
import { type BareLoadOptions, generateBareLoad } from "./bare-load.ts";
import type { MeasuredFanout } from "./fanout-point.ts";
import { simulatedAccounts } from "./workload-from.ts";

interface StartOptions {
  readonly laboratory: Laboratory;
  readonly payloadBytes: number;
  readonly signal: AbortSignal;
}

/** One of the ways to fan out that the benchmark compares. */
export interface FanoutArm {
  readonly name: string;
  /** Whether it can run on this machine. */
  isAvailable(): boolean;
  /** Whether it uses the laboratory's database, whose CPU time then counts. */
  readonly usesDatabase: boolean;
  start(options: StartOptions): Promise<UnderTest>;
}

/** A running arm: the server that passes messages on, and how to put load on it. */
export interface UnderTest {
  usage(): Promise<{ cpuSeconds: number }> | { cpuSeconds: number };
  load(workload: Workload, onMeasure: () => Promise<void>): Promise<MeasuredFanout>;
  readonly environment: Environment | undefined;
  stop(): Promise<void>;
}

/** All arms of the benchmark. */
export const fanoutArms: readonly FanoutArm[] = [
  bareArm("bare-uws", "uws"),
  bareArm("bare-ws", "ws"),
  bareArm("bare-ws-framed", "ws-framed"),
  fastChatArm("fastchat-uws", "uws"),
  fastChatArm("fastchat-ws", "ws"),
  natsArm("nats-core"),
];

/** The arms of a round, beginning with another one in each: what begins a round has the quietest machine. */
export function inTurn<Arm>(arms: readonly Arm[], round: number): Arm[] {
  const first = round % Math.max(1, arms.length);
  return [...arms.slice(first), ...arms.slice(0, first)];
}

/** The arms that can run on this machine. */
export const availableArms = () => fanoutArms.filter((arm) => arm.isAvailable());

function bareArm(name: string, kind: BareKind): FanoutArm {
  return {
    name,
    isAvailable: () => hasTransport(kind === "uws" ? "uws" : "ws"),
    usesDatabase: false,
    async start({ payloadBytes, signal }) {
      const server = await ServerProcess.start({ kind: "bare", server: kind });
      const how = {
        clock,
        connect: connectBareSocket,
        port: server.ready.port,
        frameBytes: frameBytes(payloadBytes),
        signal,
      };
      return {
        usage: () => server.usage(),
        load: (workload, onMeasure) => measureBare(workload, how, onMeasure),
        environment: undefined,
        stop: () => server.stop(),
      };
    },
  };
}

function fastChatArm(name: string, transport: "uws" | "ws"): FanoutArm {
  return {
    name,
    isAvailable: () => hasTransport(transport),
    usesDatabase: true,
    async start({ laboratory, signal }) {
      const server = await ServerProcess.start({
        kind: "fastchat",
        config: await laboratory.serveConfig({ transport }),
      });
      const { durability } = server.ready;
      const { target } = server;
      return {
        usage: () => server.usage(),
        load: (workload, onMeasure) => measureFastChat(workload, { target, laboratory, signal }, onMeasure),
        environment: durability && laboratory.environment(durability),
        stop: () => server.stop(),
      };
    },
  };
}

function natsArm(name: string): FanoutArm {
  return {
    name,
    isAvailable: hasNats,
    usesDatabase: false,
    async start({ payloadBytes, signal }) {
      const nats = await NatsServer.start();
      const how = { clock, connect: connectNats, port: nats.port, frameBytes: frameBytes(payloadBytes), signal };
      return {
        usage: () => nats.usage(),
        load: (workload, onMeasure) => measureBare(workload, how, onMeasure),
        environment: undefined,
        stop: () => nats.stop(),
      };
    },
  };
}

function hasTransport(name: "uws" | "ws"): boolean {
  return name === "ws" || availableTransport("uws") === "uws";
}

/** The size of a bare arm's frames: that of a DELIVER of one message. */
function frameBytes(payloadBytes: number): number {
  const content = encodeContent({ kind: "text", text: "a".repeat(payloadBytes) });
  return deliverHeaderBytes + deliveredHeaderBytes + rsaFernetPayloadBytes(content.length);
}

/** Puts a workload on a bare server. */
export async function measureBare(
  workload: Workload,
  how: BareLoadOptions,
  onMeasure: () => Promise<void>,
): Promise<MeasuredFanout> {
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
  { target, laboratory, signal }: { target: string; laboratory: Laboratory; signal: AbortSignal },
  onMeasure: () => Promise<void>,
): Promise<MeasuredFanout> {
  const { keyPairs } = laboratory;
  const load = await generateLoad({ workload, target, accounts: simulatedAccounts, keyPairs, onMeasure, signal });
  return {
    deliveredPerSecond: load.deliveredPerSecond,
    deliveryMs: load.deliveryMs ? quantilesOf(load.deliveryMs) : null,
    uncorrectedMs: load.deliveryMs?.uncorrected ?? null,
    lateP99Ms: load.generator.lateP99Ms,
    complete: load.audit.passed,
    ...validity(load.invalidReasons),
    breaches: [...load.audit.breaches],
  };
}

const validity = (reasons: readonly InvalidReason[]) => ({ valid: reasons.length === 0, invalidReasons: [...reasons] });

/** The quantiles alone: FastChat's have `uncorrected` beside them. */
const quantilesOf = ({ p50, p90, p99, p999, max }: Quantiles): Quantiles => ({ p50, p90, p99, p999, max });
