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

export type ThreadOrder =
  | { readonly kind: "connect" }
  /** Found the groups whose first member is this thread's. */
  | { readonly kind: "found" }
  /** The groups that were founded, by number in the population; wait until all clients are in theirs. */
  | { readonly kind: "join"; readonly groups: ReadonlyMap<number, GroupId> }
  /** Begin at this time of the shared monotonic clock. */
  | { readonly kind: "run"; readonly stretch: Stretch; readonly startMs: number }
  /** End the stretch that runs at this time of the clock; what was due before counts. */
  | { readonly kind: "cutShort"; readonly atMs: number }
  /** Wait until every member has been given everything up to these seqs, for so long at most. */
  | { readonly kind: "settle"; readonly lasts: ReadonlyMap<GroupId, number>; readonly secondsMax: number }
  /** Say what was measured in the last stretch. */
  | { readonly kind: "record" }
  /** Say what was seen in all of them. */
  | { readonly kind: "testify" }
  | { readonly kind: "stop" };

export type ThreadReport =
  | { readonly kind: "done"; readonly order: ThreadOrder["kind"] }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  | { readonly kind: "founded"; readonly groups: ReadonlyMap<number, GroupId> }
  | { readonly kind: "lasts"; readonly lasts: ReadonlyMap<GroupId, number> }
  | { readonly kind: "live"; readonly live: LiveCounts }
  | { readonly kind: "record"; readonly record: StretchRecord }
  | { readonly kind: "testimony"; readonly testimony: Testimony };

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
