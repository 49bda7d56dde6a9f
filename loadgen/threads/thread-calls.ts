import type { GroupId } from "../../core/wire/ids.ts";
import type { ThreadAudit } from "../audit/audit.ts";
import type { Reader } from "../audit/read-again.ts";
import type { CrowdSetup } from "../users/crowd.ts";
import type { Workload } from "../workload/workload.ts";

/** What a thread of simulated users is started with. */
export interface ThreadStart extends CrowdSetup {
  /** How late each message went out, in microseconds, by thread and slot: shared, so that receivers know too. */
  readonly lateness: readonly Int32Array[];
  /** Microseconds to add to the shared monotonic clock, so that stamps of different runs differ. */
  readonly stampOffsetMicros: number;
}

/** A stretch of load: how often messages are due, for how long, and who comes and goes meanwhile. */
export type Stretch = Pick<Workload, "arrivals" | "churn" | "warmUpSeconds" | "durationSeconds">;

/** What a thread of simulated users does for the crew. */
export interface LoadThreadCalls {
  /** Resolves when all its users are logged in. */
  connect(): Promise<void>;
  /** Founds the groups whose founder is this thread's; answers them by their number in the population. */
  found(): Promise<ReadonlyMap<number, GroupId>>;
  /** Given all groups that were founded, waits until all clients are in theirs. */
  join(groups: ReadonlyMap<number, GroupId>): Promise<void>;
  /** Begins a stretch at this time of the shared monotonic clock; resolves when all that was due has been sent. */
  run(stretch: Stretch, startMs: number): Promise<void>;
  /** Ends the stretch that runs at this time of the clock; what was due before counts. */
  cutShort(atMs: number): Promise<void>;
  /**
   * Waits until every member has been given everything up to these seqs, for so long at most; answers the last seq of each group
   * that its clients know of.
   */
  settle(lasts: ReadonlyMap<GroupId, number>, secondsMax: number): Promise<ReadonlyMap<GroupId, number>>;
  /** What was measured in the last stretch. */
  record(): StretchRecord;
  /** What was seen in all of them. */
  testify(): Testimony;
  /** Ends it. */
  stop(): void;
}

/** What the crew does for a thread. */
export interface CrewCalls {
  /** Called a few times a second. */
  live(counts: LiveCounts): void;
}

/** What a progress line shows: sums since the start, and latencies since the last one. */
export interface LiveCounts {
  readonly connected: number;
  readonly offered: number;
  readonly acknowledged: number;
  readonly delivered: number;
  readonly errors: number;
  /** Delivery latencies since the last report, encoded. */
  readonly recent: string;
}

/** What one thread measured in a stretch. */
export interface StretchRecord {
  /** Messages that were due in the measured time. */
  readonly offered: number;
  /** Deliveries that happened in the measured time. */
  readonly deliveries: number;
  /** Latencies of messages that were due in the measured time, encoded. */
  readonly ack: string;
  readonly delivery: string;
  readonly deliveryUncorrected: string;
  /** How long after they were due messages were sent. */
  readonly late: string;
  readonly loopLagP99Ms: number;
  readonly loopUtilization: number;
  /** Messages that were not acknowledged, by why. */
  readonly failures: ReadonlyMap<string, number>;
  /** Messages that had no outcome yet. */
  readonly unsettled: number;
}

/** What one thread's users saw from the beginning. */
export interface Testimony {
  readonly audit: ThreadAudit;
  /** One member of each group that it can speak for, to read everything again with. */
  readonly readers: readonly Reader[];
}
