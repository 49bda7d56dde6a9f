import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { TlsTrust } from "../core/client/tls-trust.ts";
import { generateIdentityKeys, type IdentityKeyPairs } from "../core/e2ee/identity.ts";
import { systemClock as clock, sleep } from "../core/platform/clock.ts";
import { Failure } from "../core/platform/failure.ts";
import type { GroupId } from "../core/wire/ids.ts";
import { type AuditResult, auditRun } from "./audit.ts";
import { sentSlots } from "./message-stamp.ts";
import { type Range, readAgain } from "./read-again.ts";
import { merged, type Quantiles } from "./recorder.ts";
import type { Accounts, LiveCounts, ThreadOrder, ThreadReport, ThreadResult, ThreadStart } from "./thread-protocol.ts";
import type { Workload } from "./workload.ts";

export interface LoadOptions {
  readonly workload: Workload;
  /** `host:port` of the deployment. */
  readonly target: string;
  /** Where the deployment is reached by TLS. */
  readonly tls?: TlsTrust | undefined;
  readonly accounts: Accounts;
  readonly keyPairs: readonly IdentityKeyPairs[];
  /** Called a few times a second. */
  onProgress?(progress: Progress): void;
  /** At the beginning and the end of the measured time. */
  onMeasure?(moment: "begin" | "end"): Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export type Phase = "connecting" | "founding groups" | "warming up" | "measuring" | "settling" | "auditing";

export interface Progress {
  readonly phase: Phase;
  /** Of the phase, from 0 to 1. */
  readonly done: number;
  readonly connected: number;
  /** Since the last progress, per second. */
  readonly offeredPerSecond: number;
  readonly deliveredPerSecond: number;
  /** Of the deliveries since the last progress. */
  readonly p99Ms: number | undefined;
  readonly errors: number;
}

export interface LoadResult {
  readonly offeredPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly ackMs: Quantiles | undefined;
  readonly deliveryMs: (Quantiles & { readonly uncorrected: Quantiles }) | undefined;
  readonly audit: AuditResult;
  readonly generator: { readonly cpuCores: number; readonly lateP99Ms: number; readonly loopLagP99Ms: number };
  /** Messages without acknowledgement and changes that were refused, by why. */
  readonly failures: Readonly<Record<string, number>>;
  readonly valid: boolean;
  /** Why the generator, or the workload, was what limited this run. */
  readonly invalidReasons: readonly string[];
}

/** Sends this late mean that latencies tell of the generator. */
const latePercentileMsMax = 25;
const utilizationMax = 0.95;
/** Less than this part of the wanted rate was offered. */
const offeredShareMin = 0.95;

export async function makeKeyPairs(count: number): Promise<IdentityKeyPairs[]> {
  return Promise.all(Array.from({ length: count }, generateIdentityKeys));
}

/** Runs a workload against a deployment and audits what came of it. */
export async function generateLoad(options: LoadOptions): Promise<LoadResult> {
  const { workload, signal } = options;
  const crew = new Crew(options);
  const abort = () => void crew.stop();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    crew.phase = "connecting";
    await crew.all({ kind: "connect" });
    crew.phase = "founding groups";
    await crew.all({ kind: "found" });
    await crew.all({ kind: "join", groups: crew.founded });

    crew.phase = "warming up";
    const startMs = clock.monotonic() + startDelayMs;
    const running = crew.all({ kind: "run", startMs });
    const measured = measure(options, crew, startMs + workload.warmUpSeconds * 1000);
    await Promise.all([running, measured]);
    const cpuCores = await measured;

    crew.phase = "settling";
    // Twice: what is still under way when everybody is first asked may be committed after all.
    await crew.all({ kind: "settle", lasts: new Map() });
    await crew.all({ kind: "settle", lasts: crew.lasts });
    await crew.all({ kind: "report" });

    crew.phase = "auditing";
    const ranges = rangesOf(crew.results, crew.lasts);
    const readers = crew.results.flatMap((result) => result.readers);
    const stored = await readAgain(options, readers, ranges, signal);
    const audits = crew.results.map(({ audit }) => audit);
    return summarise(options, crew.results, auditRun(audits, stored), cpuCores);
  } finally {
    signal?.removeEventListener("abort", abort);
    await crew.stop();
  }
}

const startDelayMs = 100;

/** Cores that this process kept busy in the measured time. */
async function measure({ workload, onMeasure, signal }: LoadOptions, crew: Crew, beginMs: number): Promise<number> {
  await sleep(clock, Math.max(0, beginMs - clock.monotonic()), signal);
  if (crew.stopped) return 0;
  crew.phase = "measuring";
  await onMeasure?.("begin");
  const before = process.cpuUsage();
  const began = clock.monotonic();
  await sleep(clock, Math.max(0, beginMs + workload.durationSeconds * 1000 - clock.monotonic()), signal);
  const used = process.cpuUsage(before);
  const tookMs = clock.monotonic() - began;
  if (crew.stopped) return 0;
  await onMeasure?.("end");
  return (used.user + used.system) / 1000 / tookMs;
}

/** The threads, ordered about together. */
class Crew {
  readonly founded = new Map<number, GroupId>();
  readonly lasts = new Map<GroupId, number>();
  readonly results: ThreadResult[] = [];
  stopped = false;
  readonly #options: LoadOptions;
  readonly #threads: Worker[];
  readonly #live: LiveCounts[];
  readonly #waiting = new Map<Worker, { resolve: () => void; reject: (cause: unknown) => void }>();
  #phase: Phase = "connecting";
  #phaseSinceMs = clock.monotonic();
  #lastShown = { atMs: clock.monotonic(), offered: 0, delivered: 0 };

  constructor(options: LoadOptions) {
    this.#options = options;
    const { workload, target, tls, accounts, keyPairs } = options;
    const lateness = Array.from(
      { length: workload.threads },
      () => new Int32Array(new SharedArrayBuffer(4 * sentSlots)),
    );
    const stampOffsetMicros = Math.round((clock.now() - clock.monotonic()) * 1000);
    this.#live = Array.from({ length: workload.threads }, () => nothingYet);
    this.#threads = Array.from({ length: workload.threads }, (_, thread) => {
      const start: ThreadStart = { thread, workload, target, tls, accounts, keyPairs, lateness, stampOffsetMicros };
      const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: start });
      worker.on("message", (report: ThreadReport) => this.#reported(worker, thread, report));
      worker.on("error", (cause) => this.#waiting.get(worker)?.reject(cause));
      worker.on("exit", () => this.#waiting.get(worker)?.reject(new Failure("interrupted", "the run was stopped", "")));
      return worker;
    });
  }

  set phase(phase: Phase) {
    this.#phase = phase;
    this.#phaseSinceMs = clock.monotonic();
  }

  /** Resolves when every thread has done it. */
  async all(order: ThreadOrder): Promise<void> {
    await Promise.all(
      this.#threads.map(
        (thread) =>
          new Promise<void>((resolve, reject) => {
            if (this.stopped) return reject(new Failure("interrupted", "the run was stopped", "start it again"));
            this.#waiting.set(thread, { resolve, reject });
            thread.postMessage(order);
          }),
      ),
    );
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await Promise.all(
      this.#threads.map(async (thread) => {
        const exited = once(thread, "exit");
        thread.postMessage({ kind: "stop" } satisfies ThreadOrder);
        const giveUp = clock.after(stopMsMax, () => void thread.terminate());
        await exited;
        giveUp();
      }),
    );
  }

  #reported(worker: Worker, thread: number, report: ThreadReport): void {
    switch (report.kind) {
      case "done": {
        const waiting = this.#waiting.get(worker);
        this.#waiting.delete(worker);
        return waiting?.resolve();
      }
      case "failed": {
        const failure = new Failure(
          report.code,
          report.message,
          "look at the servers' log; lower the load if they were busy",
        );
        return this.#waiting.get(worker)?.reject(failure);
      }
      case "founded":
        for (const [index, group] of report.groups) this.founded.set(index, group);
        return;
      case "lasts":
        for (const [group, last] of report.lasts) this.lasts.set(group, Math.max(last, this.lasts.get(group) ?? 0));
        return;
      case "live":
        this.#live[thread] = report.live;
        if (thread === 0) this.#show();
        return;
      case "result":
        this.results.push(report.result);
        return;
      default:
        report satisfies never;
    }
  }

  #show(): void {
    const now = clock.monotonic();
    const total = (of: (live: LiveCounts) => number) => this.#live.reduce((sum, live) => sum + of(live), 0);
    const offered = total((live) => live.offered);
    const delivered = total((live) => live.delivered);
    const seconds = (now - this.#lastShown.atMs) / 1000;
    const recent = merged(this.#live.map((live) => live.recent).filter((text) => text !== ""));
    const connected = total((live) => live.connected);
    this.#options.onProgress?.({
      phase: this.#phase,
      done: this.#done(connected),
      connected,
      offeredPerSecond: (offered - this.#lastShown.offered) / seconds,
      deliveredPerSecond: (delivered - this.#lastShown.delivered) / seconds,
      p99Ms: recent.quantiles()?.p99,
      errors: total((live) => live.errors),
    });
    this.#lastShown = { atMs: now, offered, delivered };
  }

  #done(connected: number): number {
    const { workload } = this.#options;
    const seconds = (clock.monotonic() - this.#phaseSinceMs) / 1000;
    switch (this.#phase) {
      case "connecting":
        return connected / workload.clients;
      case "warming up":
        return Math.min(1, seconds / Math.max(0.001, workload.warmUpSeconds));
      case "measuring":
        return Math.min(1, seconds / workload.durationSeconds);
      default:
        return 0;
    }
  }
}

const stopMsMax = 5000;
const nothingYet: LiveCounts = { connected: 0, offered: 0, acknowledged: 0, delivered: 0, errors: 0, recent: "" };

function rangesOf(results: readonly ThreadResult[], lasts: ReadonlyMap<GroupId, number>): Map<GroupId, Range> {
  const ranges = new Map<GroupId, Range>();
  for (const { group, sequence } of results.flatMap(({ audit }) => audit.groups)) {
    const base = Math.min(sequence.base, ranges.get(group)?.base ?? Number.POSITIVE_INFINITY);
    ranges.set(group, { base, last: lasts.get(group) ?? 0 });
  }
  return ranges;
}

/** Why the generator did not offer the load that it was meant to; none when it did. */
export function keptUp(
  { arrivals }: Workload,
  { offeredPerSecond, lateP99Ms }: { readonly offeredPerSecond: number; readonly lateP99Ms: number },
): string[] {
  if (arrivals.kind === "saturate") return [];
  const reasons: string[] = [];
  if (lateP99Ms > latePercentileMsMax) reasons.push(`sends_late: p99 ${lateP99Ms.toFixed(1)} ms after they were due`);
  if (offeredPerSecond < offeredShareMin * arrivals.ratePerSecond) {
    reasons.push(`rate_not_met: ${offeredPerSecond.toFixed(0)} of ${arrivals.ratePerSecond} messages/s were offered`);
  }
  return reasons;
}

function summarise(
  { workload }: LoadOptions,
  results: readonly ThreadResult[],
  audit: AuditResult,
  cpuCores: number,
): LoadResult {
  const sum = (of: (result: ThreadResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const seconds = workload.durationSeconds;
  const delivery = merged(results.map((result) => result.delivery)).quantiles();
  const uncorrected = merged(results.map((result) => result.deliveryUncorrected)).quantiles();
  const late = merged(results.map((result) => result.late)).quantiles();
  const offeredPerSecond = sum((result) => result.offered) / seconds;
  const lateP99Ms = late?.p99 ?? 0;
  const failures: Record<string, number> = {};
  for (const [code, count] of results.flatMap((result) => [...result.failures])) {
    failures[code] = (failures[code] ?? 0) + count;
  }

  const invalidReasons = keptUp(workload, { offeredPerSecond, lateP99Ms });
  const unsettled = failures.no_outcome ?? 0;
  if (unsettled > 0) invalidReasons.push(`unsettled: ${unsettled} messages had no outcome at the end`);
  const busiest = Math.max(...results.map((result) => result.loopUtilization));
  if (busiest > utilizationMax)
    invalidReasons.push(`generator_busy: a thread was busy ${(busiest * 100).toFixed(0)}% of the time`);

  return {
    offeredPerSecond,
    deliveredPerSecond: sum((result) => result.deliveries) / seconds,
    ackMs: merged(results.map((result) => result.ack)).quantiles(),
    deliveryMs: delivery && uncorrected ? { ...delivery, uncorrected } : undefined,
    audit,
    generator: { cpuCores, lateP99Ms, loopLagP99Ms: Math.max(...results.map((result) => result.loopLagP99Ms)) },
    failures,
    valid: invalidReasons.length === 0,
    invalidReasons,
  };
}
