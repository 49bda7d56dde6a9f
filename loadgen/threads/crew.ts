import { type Clock, systemClock } from "../../core/platform/clock.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { merged } from "../recorder/recorder.ts";
import { sentSlots } from "../workload/message-stamp.ts";
import { interrupted, type LoadThread, type StartThread, startThread } from "./load-thread.ts";
import type { LiveCounts, Stretch, StretchRecord, Testimony, ThreadStart } from "./thread-calls.ts";

export type CrewStart = Pick<ThreadStart, "workload" | "target" | "tls" | "accounts" | "keyPairs">;

export type Phase = "connecting" | "founding groups" | "warming up" | "measuring" | "settling" | "auditing";

export interface Progress {
  readonly phase: Phase;
  /** The part of the phase that is done, from 0 to 1. */
  readonly done: number;
  readonly connected: number;
  /** Rates since the last progress. */
  readonly offeredPerSecond: number;
  readonly deliveredPerSecond: number;
  /** The 99th percentile of the deliveries since the last progress. */
  readonly p99Ms: number | undefined;
  readonly errors: number;
}

/** What a crew is made of, unless a test says otherwise. */
export interface CrewParts {
  readonly clock: Clock;
  readonly startThread: StartThread;
}

/** The threads that simulate users; each method calls all of them. */
export class Crew {
  /** The last seq of each group that any client knows of. */
  readonly lasts = new Map<GroupId, number>();
  #stopping: Promise<void> | undefined;
  readonly #start: CrewStart;
  readonly #clock: Clock;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #threads: readonly LoadThread[];
  /** What each thread said last. */
  readonly #live = new Map<number, LiveCounts>();
  #phase: Phase = "connecting";
  #phaseSinceMs: number;
  #stretch: Stretch;
  #lastShown: { readonly atMs: number; readonly offered: number; readonly delivered: number };

  /** `onProgress` is called a few times a second. */
  constructor(start: CrewStart, onProgress?: (progress: Progress) => void, parts: Partial<CrewParts> = {}) {
    const { clock = systemClock, startThread: starting = startThread } = parts;
    this.#start = start;
    this.#clock = clock;
    this.#onProgress = onProgress;
    this.#phaseSinceMs = clock.monotonic();
    this.#lastShown = { atMs: this.#phaseSinceMs, offered: 0, delivered: 0 };
    this.#stretch = start.workload;
    const { workload, target, tls, accounts, keyPairs } = start;
    const lateness = Array.from(
      { length: workload.threads },
      () => new Int32Array(new SharedArrayBuffer(4 * sentSlots)),
    );
    const stampOffsetMicros = Math.round((clock.now() - clock.monotonic()) * 1000);
    const shared = { workload, target, tls, accounts, keyPairs, lateness, stampOffsetMicros };
    this.#threads = Array.from({ length: workload.threads }, (_, thread) =>
      starting(
        { ...shared, thread },
        {
          live: (counts) => {
            this.#live.set(thread, counts);
            if (thread === 0) this.#show();
          },
        },
      ),
    );
  }

  set phase(phase: Phase) {
    this.#phase = phase;
    this.#phaseSinceMs = this.#clock.monotonic();
  }

  /** Has all users connect, and the groups founded with their members. */
  async gather(): Promise<void> {
    await this.#all((thread) => thread.connect());
    this.phase = "founding groups";
    const founded = await this.#all((thread) => thread.found());
    const groups = new Map(founded.flatMap((of) => [...of]));
    await this.#all((thread) => thread.join(groups));
  }

  /** Puts a stretch of load on the servers; resolves when all due messages have been sent. */
  async run(stretch: Stretch, startMs: number): Promise<void> {
    this.phase = "warming up";
    this.#stretch = stretch;
    await this.#all((thread) => thread.run(stretch, startMs));
  }

  /** Ends the running stretch early. */
  cutShort(atMs: number): void {
    for (const thread of this.#threads) thread.cutShort(atMs);
  }

  /** Waits until all messages have their outcome and have reached all members, for `secondsMax` at most. */
  async settle(secondsMax: number): Promise<void> {
    this.phase = "settling";
    // Twice: the first call finds the last seqs of all groups, since messages under way are committed while it waits.
    for (const lasts of [new Map<GroupId, number>(), this.lasts]) {
      for (const known of await this.#all((thread) => thread.settle(lasts, secondsMax))) {
        for (const [group, last] of known) this.lasts.set(group, Math.max(last, this.lasts.get(group) ?? 0));
      }
    }
  }

  /** The measurements of the last stretch, one record for each thread. */
  records(): Promise<readonly StretchRecord[]> {
    return this.#all((thread) => thread.record());
  }

  /** What the users saw in all stretches, for the audit. */
  testimonies(): Promise<readonly Testimony[]> {
    this.phase = "auditing";
    return this.#all((thread) => thread.testify());
  }

  /** Ends all threads; resolves when they have ended, whoever has asked for it first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  get stopped(): boolean {
    return this.#stopping !== undefined;
  }

  async #stopAll(): Promise<void> {
    await Promise.all(
      this.#threads.map(async (thread) => {
        const exited = thread.exited();
        thread.stop();
        const giveUp = this.#clock.after(stopMsMax, () => thread.terminate());
        await exited;
        giveUp();
      }),
    );
  }

  /** Calls every thread; resolves with their answers. */
  async #all<Answer>(call: (thread: LoadThread["to"]) => Promise<Answer>): Promise<Answer[]> {
    if (this.stopped) throw interrupted();
    try {
      return await Promise.all(this.#threads.map(({ to }) => call(to)));
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      const advice = "look at the servers' log; lower the load if they were busy";
      throw new Failure("generator_failed", messageOf(cause), advice, cause);
    }
  }

  #show(): void {
    const now = this.#clock.monotonic();
    const lives = [...this.#live.values()];
    const total = (of: (live: LiveCounts) => number) => lives.reduce((sum, live) => sum + of(live), 0);
    const offered = total((live) => live.offered);
    const delivered = total((live) => live.delivered);
    const seconds = (now - this.#lastShown.atMs) / 1000;
    const recent = merged(lives.map((live) => live.recent));
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
    const seconds = (this.#clock.monotonic() - this.#phaseSinceMs) / 1000;
    switch (this.#phase) {
      case "connecting":
        return connected / this.#start.workload.clients;
      case "warming up":
        return Math.min(1, seconds / Math.max(0.001, warmUpSeconds));
      case "measuring":
        return Math.min(1, seconds / durationSeconds);
      case "founding groups":
      case "settling":
      case "auditing":
        // How long these take is not known.
        return 0;
      default:
        return this.#phase satisfies never;
    }
  }
}

const stopMsMax = 5000;
