import { type Clock, sleep, systemClock } from "../core/platform/clock.ts";
import type { GroupId } from "../core/wire/ids.ts";
import { type AuditResult, auditRun } from "./audit/audit.ts";
import { type Network, type Range, readAgain } from "./audit/read-again.ts";
import { watchBusyCores } from "./recorder/busy-cores.ts";
import { type StretchResult, stretchResult } from "./stretch-result.ts";
import { Crew, type CrewParts, type CrewStart, type Progress } from "./threads/crew.ts";
import { interrupted } from "./threads/load-thread.ts";
import type { Stretch, Testimony } from "./threads/thread-calls.ts";

export interface SessionOptions extends CrewStart {
  /** Called a few times a second. */
  onProgress?(progress: Progress): void;
  readonly signal?: AbortSignal | undefined;
}

export interface StretchOptions extends Stretch {
  /** How long deliveries may take after the last message is due. */
  readonly settleSeconds: number;
  /** Whether an interruption in the measured time ends the stretch early: the figures are those of the time until then. */
  readonly cutShort?: boolean;
  /** Called at the beginning and the end of the measured time. */
  onMeasure?(moment: "begin" | "end"): Promise<void>;
}

/** What a session is made of, unless a test says otherwise. */
export interface SessionParts extends Partial<CrewParts> {
  /** How messages are read again at the end. */
  readonly network?: Partial<Network>;
}

/**
 * Simulated users who are connected and members of their groups. They put load on the servers in one stretch or in many, and all
 * that they saw is audited at the end.
 */
export class LoadSession {
  readonly #options: SessionOptions;
  readonly #parts: SessionParts;
  readonly #clock: Clock;
  readonly #crew: Crew;
  readonly #abort = () => void this.#interrupt();
  /** Whether an interruption ends the stretch alone, which then settles and is audited. */
  #canCutShort = false;
  #cutAtMs: number | undefined;

  private constructor(options: SessionOptions, parts: SessionParts) {
    this.#options = options;
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    this.#crew = new Crew(options, options.onProgress?.bind(options), parts);
    if (options.signal?.aborted) this.#abort();
    else options.signal?.addEventListener("abort", this.#abort);
  }

  /** Resolves when all users are connected; fails when one cannot connect, or with `interrupted` when the signal is aborted. */
  static async open(options: SessionOptions, parts: SessionParts = {}): Promise<LoadSession> {
    const session = new LoadSession(options, parts);
    try {
      await session.#crew.gather();
      return session;
    } catch (cause) {
      await session.close();
      throw cause;
    }
  }

  /** Puts a stretch of load on the servers, and waits for outcomes and deliveries. */
  async run(stretch: StretchOptions): Promise<StretchResult> {
    const { arrivals, churn, warmUpSeconds, durationSeconds, settleSeconds } = stretch;
    const startMs = this.#clock.monotonic() + startDelayMs;
    const running = this.#crew.run({ arrivals, churn, warmUpSeconds, durationSeconds }, startMs);
    const [used] = await Promise.all([this.#measure(stretch, startMs + warmUpSeconds * 1000), running]);
    await this.#crew.settle(settleSeconds);
    return stretchResult({ arrivals, ...used }, await this.#crew.records());
  }

  /** Compares what all users saw in all stretches with the contract, and with what the servers keep. */
  async audit(): Promise<AuditResult> {
    const { target, tls, signal } = this.#options;
    const { network } = this.#parts;
    const testimonies = await this.#crew.testimonies();
    const ranges = rangesOf(testimonies, this.#crew.lasts);
    const readers = testimonies.flatMap((testimony) => testimony.readers);
    const stored = await readAgain({ target, tls, network }, readers, ranges, this.#canCutShort ? undefined : signal);
    const audits = testimonies.map(({ audit }) => audit);
    return auditRun(audits, stored);
  }

  async close(): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    await this.#crew.stop();
  }

  /** Waits for the measured time; answers how long it was, and how many cores this process kept busy meanwhile. */
  async #measure(
    { durationSeconds, cutShort, onMeasure }: StretchOptions,
    beginMs: number,
  ): Promise<{ durationSeconds: number; cpuCores: number }> {
    const { signal } = this.#options;
    await sleep(this.#clock, Math.max(0, beginMs - this.#clock.monotonic()), signal);
    if (this.#crew.stopped) throw interrupted();
    this.#canCutShort = cutShort ?? false;
    this.#crew.phase = "measuring";
    await onMeasure?.("begin");
    const busyCores = watchBusyCores(this.#clock);
    await sleep(this.#clock, Math.max(0, beginMs + durationSeconds * 1000 - this.#clock.monotonic()), signal);
    if (this.#cutAtMs !== undefined) await sleep(this.#clock, Math.max(0, this.#cutAtMs - this.#clock.monotonic()));
    const cpuCores = busyCores();
    if (this.#crew.stopped) throw interrupted();
    await onMeasure?.("end");
    const measuredMs = Math.max(1, (this.#cutAtMs ?? Number.POSITIVE_INFINITY) - beginMs);
    return { durationSeconds: Math.min(durationSeconds, measuredMs / 1000), cpuCores };
  }

  #interrupt(): Promise<void> | undefined {
    if (!this.#canCutShort) return this.#crew.stop();
    this.#cutAtMs = this.#clock.monotonic() + cutDelayMs;
    this.#crew.cutShort(this.#cutAtMs);
    return undefined;
  }
}

const startDelayMs = 100;
/** Until then every thread has heard of it, and none counts what is due later. */
const cutDelayMs = 100;

function rangesOf(testimonies: readonly Testimony[], lasts: ReadonlyMap<GroupId, number>): Map<GroupId, Range> {
  const ranges = new Map<GroupId, Range>();
  for (const { group, sequence } of testimonies.flatMap(({ audit }) => audit.groups)) {
    const base = Math.min(sequence.base, ranges.get(group)?.base ?? Number.POSITIVE_INFINITY);
    ranges.set(group, { base, last: lasts.get(group) ?? 0 });
  }
  return ranges;
}
