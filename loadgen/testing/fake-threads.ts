import type { Clock } from "../../core/platform/clock.ts";
import { sleep } from "../../core/platform/clock.ts";
import { present } from "../../core/testing/present.ts";
import { type GroupId, groupId } from "../../core/wire/ids.ts";
import { Latencies } from "../recorder/recorder.ts";
import { interrupted, type LoadThread } from "../threads/load-thread.ts";
import type { CrewCalls, LiveCounts, StretchRecord, Testimony, ThreadStart } from "../threads/thread-calls.ts";

/** Latencies of these milliseconds, as threads encode them. */
export function recorded(...ms: readonly number[]): string {
  const latencies = new Latencies();
  for (const value of ms) latencies.record(value * 1000);
  return latencies.encode();
}

/** What a thread has measured in a stretch, unless a test says otherwise. */
export const recordOf = (of: Partial<StretchRecord> = {}): StretchRecord => ({
  offered: 100,
  deliveries: 400,
  ack: recorded(2),
  delivery: recorded(5),
  deliveryUncorrected: recorded(4),
  late: recorded(1),
  loopLagP99Ms: 1,
  loopUtilization: 0.5,
  failures: new Map(),
  unsettled: 0,
  ...of,
});

/** What a thread's users have seen: nothing, unless a test says otherwise. */
export const testimonyOf = (of: Partial<Testimony> = {}): Testimony => ({
  audit: { sent: 10, groups: [], breaches: [], reordered: 0, undecryptable: 0, strays: 0 },
  readers: [],
  ...of,
});

/** A thread that writes down what it is called for, and answers what the test has it answer. */
export class FakeThread implements LoadThread {
  readonly start: ThreadStart;
  readonly called: string[] = [];
  /** Whether it ends when it is asked to. */
  endsWhenAsked = true;
  /** Thrown by its next call. */
  fails: Error | undefined;
  /** The last seqs that it answers, at one settling after the other; then none. */
  readonly lasts: ReadonlyMap<GroupId, number>[] = [];
  record = recordOf();
  testimony = testimonyOf();
  readonly #ours: CrewCalls;
  readonly #clock: Clock;
  readonly #cut = new AbortController();
  readonly #exit = new AbortController();

  constructor(start: ThreadStart, ours: CrewCalls, clock: Clock) {
    this.start = start;
    this.#ours = ours;
    this.#clock = clock;
  }

  /** Shows the crew these counts. */
  live(counts: Partial<LiveCounts>): void {
    this.#ours.live({
      connected: 0,
      offered: 0,
      acknowledged: 0,
      delivered: 0,
      errors: 0,
      recent: recorded(),
      ...counts,
    });
  }

  readonly to: LoadThread["to"] = {
    connect: () => this.#call("connect", () => undefined),
    found: () => this.#call("found", () => new Map([[this.start.thread, groupId(70 + this.start.thread)]])),
    join: (groups) =>
      this.#call(`join ${[...groups].map(([number, group]) => `${number}:${group}`).join()}`, () => undefined),
    run: async ({ arrivals, warmUpSeconds, durationSeconds }, startMs) => {
      await this.#call(`run ${arrivals.kind}`, () => undefined);
      const untilMs = startMs + (warmUpSeconds + durationSeconds) * 1000;
      await sleep(
        this.#clock,
        untilMs - this.#clock.monotonic(),
        AbortSignal.any([this.#cut.signal, this.#exit.signal]),
      );
      if (this.#exit.signal.aborted) throw interrupted();
    },
    settle: (lasts, secondsMax) =>
      this.#call(`settle ${secondsMax} s ${JSON.stringify([...lasts])}`, () => this.lasts.shift() ?? new Map()),
    record: () => this.#call("record", () => this.record),
    testify: () => this.#call("testify", () => this.testimony),
  };

  cutShort(atMs: number): void {
    this.called.push("cut short");
    this.#clock.after(atMs - this.#clock.monotonic(), () => this.#cut.abort());
  }

  stop(): void {
    this.called.push("stop");
    if (this.endsWhenAsked) this.#exit.abort();
  }

  terminate(): void {
    this.called.push("terminate");
    this.#exit.abort();
  }

  exited(): Promise<void> {
    return new Promise((resolve) => {
      this.#exit.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  async #call<Answer>(what: string, answer: () => Answer): Promise<Answer> {
    this.called.push(what);
    const { fails } = this;
    this.fails = undefined;
    if (fails) throw fails;
    if (this.#exit.signal.aborted) throw interrupted();
    return answer();
  }
}

/** Starts fake threads; {@link at} has them by their number. */
export class FakeThreads {
  readonly started: FakeThread[] = [];
  readonly #clock: Clock;
  readonly #prepare: (thread: FakeThread) => void;

  /** `prepare` is called with each before it is called for anything. */
  constructor(clock: Clock, prepare: (thread: FakeThread) => void = () => {}) {
    this.#clock = clock;
    this.#prepare = prepare;
  }

  readonly start = (start: ThreadStart, ours: CrewCalls): FakeThread => {
    const thread = new FakeThread(start, ours, this.#clock);
    this.#prepare(thread);
    this.started.push(thread);
    return thread;
  };

  at(thread: number): FakeThread {
    return present(this.started[thread]);
  }
}
