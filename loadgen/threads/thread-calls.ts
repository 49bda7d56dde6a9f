import { workerData } from "node:worker_threads";
import type { GroupId } from "../../core/wire/ids.ts";
import type { ThreadAudit } from "../audit/audit.ts";
import type { Reader } from "../audit/read-again.ts";
import type { CrowdSetup } from "../users/crowd.ts";
import type { Workload } from "../workload/workload.ts";

/** What a thread of simulated users is started with. */
export interface ThreadStart extends CrowdSetup {
  /** How late each message was sent, in microseconds, by thread and slot; all threads share it, since receivers need it, too. */
  readonly lateness: readonly Int32Array[];
  /** Microseconds to add to the shared monotonic clock, so that stamps of different runs differ. */
  readonly stampOffsetMicros: number;
}

/** In a thread of simulated users: what the crew started it with. */
export function threadStart(): ThreadStart {
  const start: unknown = workerData;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Crew` alone starts the program that asks for it, with a ThreadStart
  return start as ThreadStart;
}

/** A stretch of load: how often messages are due, for how long, and how many users leave and come back meanwhile. */
export type Stretch = Pick<Workload, "arrivals" | "churn" | "warmUpSeconds" | "durationSeconds">;

/** The calls that a thread of simulated users answers. */
export interface LoadThreadCalls {
  /** Resolves when all its users are logged in. */
  connect(): Promise<void>;
  /** Founds the groups whose founder is this thread's; answers them by their number in the population. */
  found(): Promise<ReadonlyMap<number, GroupId>>;
  /** Waits until all clients are members of their groups; `groups` has the founded groups of all threads. */
  join(groups: ReadonlyMap<number, GroupId>): Promise<void>;
  /** Begins a stretch at this time of the shared monotonic clock; resolves when all due messages have been sent. */
  run(stretch: Stretch, startMs: number): Promise<void>;
  /** Ends the running stretch at this time of the clock; messages that were due before count. */
  cutShort(atMs: number): Promise<void>;
  /**
   * Waits, for `secondsMax` at most, until every message has its outcome and every member has got everything up to these seqs.
   * Answers the last seq of each group that its clients know of.
   */
  settle(lasts: ReadonlyMap<GroupId, number>, secondsMax: number): Promise<ReadonlyMap<GroupId, number>>;
  /** The measurements of the last stretch. */
  record(): StretchRecord;
  /** What its users saw in all stretches. */
  testify(): Testimony;
  /** Ends the thread. */
  stop(): void;
}

/** The calls that the crew answers. */
export interface CrewCalls {
  /** Called a few times a second. */
  live(counts: LiveCounts): void;
}

/** A thread's part of a progress line: sums since the start, and latencies since the last line. */
export interface LiveCounts {
  readonly connected: number;
  readonly offered: number;
  readonly acknowledged: number;
  readonly delivered: number;
  readonly errors: number;
  /** Delivery latencies since the last line, encoded. */
  readonly recent: string;
}

/** The measurements of one thread in a stretch. */
export interface StretchRecord {
  /** Messages that were due in the measured time. */
  readonly offered: number;
  /** Deliveries that happened in the measured time. */
  readonly deliveries: number;
  /** Latencies of messages that were due in the measured time, encoded. */
  readonly ack: string;
  readonly delivery: string;
  readonly deliveryUncorrected: string;
  /** How long after they were due messages were sent, encoded. */
  readonly late: string;
  readonly loopLagP99Ms: number;
  readonly loopUtilization: number;
  /** Messages that were not acknowledged, counted by code. */
  readonly failures: ReadonlyMap<string, number>;
  /** How many messages have no outcome yet. */
  readonly unsettled: number;
}

/** What one thread's users have seen from the beginning. */
export interface Testimony {
  readonly audit: ThreadAudit;
  /** Members who together can read all groups of the thread's users again. */
  readonly readers: readonly Reader[];
}
