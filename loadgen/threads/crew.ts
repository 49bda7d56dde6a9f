import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { systemClock as clock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { merged } from "../recorder/recorder.ts";
import { sentSlots } from "../workload/message-stamp.ts";
import type {
  LiveCounts,
  Stretch,
  StretchRecord,
  Testimony,
  ThreadOrder,
  ThreadReport,
  ThreadStart,
} from "./thread-protocol.ts";

export type CrewStart = Pick<ThreadStart, "workload" | "target" | "tls" | "accounts" | "keyPairs">;

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

/** The threads that simulate users, ordered about together. */
export class Crew {
  readonly founded = new Map<number, GroupId>();
  readonly lasts = new Map<GroupId, number>();
  stopped = false;
  readonly #start: CrewStart;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #threads: Worker[];
  readonly #live: LiveCounts[];
  readonly #waiting = new Map<Worker, { resolve: () => void; reject: (cause: unknown) => void }>();
  #records: StretchRecord[] = [];
  #testimonies: Testimony[] = [];
  #phase: Phase = "connecting";
  #phaseSinceMs = clock.monotonic();
  #stretch: Stretch;
  #lastShown = { atMs: clock.monotonic(), offered: 0, delivered: 0 };

  /** `onProgress` is called a few times a second. */
  constructor(start: CrewStart, onProgress?: (progress: Progress) => void) {
    this.#start = start;
    this.#onProgress = onProgress;
    this.#stretch = start.workload;
    const { workload, target, tls, accounts, keyPairs } = start;
    const lateness = Array.from(
      { length: workload.threads },
      () => new Int32Array(new SharedArrayBuffer(4 * sentSlots)),
    );
    const stampOffsetMicros = Math.round((clock.now() - clock.monotonic()) * 1000);
    this.#live = Array.from({ length: workload.threads }, () => nothingYet);
    this.#threads = Array.from({ length: workload.threads }, (_, thread) => {
      const workerData: ThreadStart = {
        thread,
        workload,
        target,
        tls,
        accounts,
        keyPairs,
        lateness,
        stampOffsetMicros,
      };
      const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData });
      worker.on("message", (report: ThreadReport) => this.#reported(worker, thread, report));
      worker.on("error", (cause) => this.#waiting.get(worker)?.reject(cause));
      worker.on("exit", () => this.#waiting.get(worker)?.reject(interrupted()));
      return worker;
    });
  }

  set phase(phase: Phase) {
    this.#phase = phase;
    this.#phaseSinceMs = clock.monotonic();
  }

  /** Everybody connects, and is let into their groups. */
  async gather(): Promise<void> {
    this.phase = "connecting";
    await this.#all({ kind: "connect" });
    this.phase = "founding groups";
    await this.#all({ kind: "found" });
    await this.#all({ kind: "join", groups: this.founded });
  }

  /** Puts a stretch of load on the servers; resolves when all that was due has been sent. */
  async run(stretch: Stretch, startMs: number): Promise<void> {
    this.phase = "warming up";
    this.#stretch = stretch;
    await this.#all({ kind: "run", stretch, startMs });
  }

  /** Ends the stretch that runs before its time. */
  cutShort(atMs: number): void {
    for (const thread of this.#threads) thread.postMessage({ kind: "cutShort", atMs } satisfies ThreadOrder);
  }

  /** Waits until everything has reached everybody, for so long at most. */
  async settle(secondsMax: number): Promise<void> {
    this.phase = "settling";
    // Twice: what is still under way when everybody is first asked may be committed after all.
    await this.#all({ kind: "settle", lasts: new Map(), secondsMax });
    await this.#all({ kind: "settle", lasts: this.lasts, secondsMax });
  }

  /** What was measured in the last stretch, a record a thread. */
  async records(): Promise<readonly StretchRecord[]> {
    this.#records = [];
    await this.#all({ kind: "record" });
    return this.#records;
  }

  /** What was seen in all stretches, for the audit. */
  async testimonies(): Promise<readonly Testimony[]> {
    this.phase = "auditing";
    this.#testimonies = [];
    await this.#all({ kind: "testify" });
    return this.#testimonies;
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

  /** Resolves when every thread has done it. */
  async #all(order: ThreadOrder): Promise<void> {
    await Promise.all(
      this.#threads.map(
        (thread) =>
          new Promise<void>((resolve, reject) => {
            if (this.stopped) return reject(interrupted());
            this.#waiting.set(thread, { resolve, reject });
            thread.postMessage(order);
          }),
      ),
    );
  }

  #reported(worker: Worker, thread: number, report: ThreadReport): void {
    switch (report.kind) {
      case "done": {
        if (report.order === "cutShort") return; // Nobody waits for it but for the stretch that it ends.
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
      case "record":
        this.#records.push(report.record);
        return;
      case "testimony":
        this.#testimonies.push(report.testimony);
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
    this.#onProgress?.({
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
    const { warmUpSeconds, durationSeconds } = this.#stretch;
    const seconds = (clock.monotonic() - this.#phaseSinceMs) / 1000;
    switch (this.#phase) {
      case "connecting":
        return connected / this.#start.workload.clients;
      case "warming up":
        return Math.min(1, seconds / Math.max(0.001, warmUpSeconds));
      case "measuring":
        return Math.min(1, seconds / durationSeconds);
      default:
        return 0;
    }
  }
}

const stopMsMax = 5000;
const nothingYet: LiveCounts = { connected: 0, offered: 0, acknowledged: 0, delivered: 0, errors: 0, recent: "" };
const interrupted = () => new Failure("interrupted", "the run was stopped", "start it again");
