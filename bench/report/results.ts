import { z } from "zod";
import { invalidCodes } from "../../loadgen/validity.ts";
import { workloadSchema } from "../../loadgen/workload.ts";

/** What a benchmark writes: one document a run. `results.schema.json` is this as JSON Schema. */
const count = z.number().int().min(0);
const nonNegative = z.number().min(0);

const quantiles = z.strictObject({
  p50: nonNegative,
  p90: nonNegative,
  p99: nonNegative,
  p999: nonNegative,
  max: nonNegative,
});

const environment = z.strictObject({
  cpuModel: z.string(),
  cpuCount: count,
  /** CPU time a second that the system lets this run have (a container's limit), in cores; null where there is no limit. */
  cpuLimitCores: nonNegative.nullable(),
  memoryBytes: count,
  os: z.string(),
  kernel: z.string(),
  node: z.string(),
  postgres: z.string(),
  /** Versions of what the figures depend on most. */
  dependencies: z.record(z.string(), z.string()),
  /** Of the program; ends in `+` when files were changed since. Null outside of a repository. */
  commit: z.string().nullable(),
  durability: z.strictObject({
    synchronousCommit: z.string(),
    fsync: z.string(),
    /** Of the database's files: on one in memory, `fsync` costs nothing and promises nothing. */
    filesystem: z.string(),
  }),
  /** Of the last minute, before the run began: what else the machine was doing. */
  loadAverage: nonNegative,
});
export type Environment = z.output<typeof environment>;

const breach = z.strictObject({
  /** By number in the contract; null for what goes without saying, that members can read. */
  promise: z.number().int().min(1).max(8).nullable(),
  what: z.string(),
  group: z.number(),
  seq: z.number().exactOptional(),
  client: z.number().exactOptional(),
});

const audit = z.strictObject({
  sent: count,
  acked: count,
  expected: count,
  delivered: count,
  lost: count,
  duplicated: count,
  reordered: count,
  undecryptable: count,
  trespassing: count,
  outOfTurn: count,
  notStored: count,
  passed: z.boolean(),
  breaches: z.array(breach),
});

const invalidReason = z.strictObject({ code: z.enum(invalidCodes), detail: z.string() });

const cellFigures = {
  servers: count,
  strategy: z.string(),
  transport: z.enum(["uws", "ws"]),
  /** Measured time: shorter than the workload's where the run was interrupted. */
  seconds: nonNegative,
  offeredPerSecond: nonNegative,
  deliveredPerSecond: nonNegative,
  /** From when a message was due until its acknowledgement; null when nothing was acknowledged. */
  ackMs: quantiles.nullable(),
  /** From when a message was due until each delivery; `uncorrected` from when it was sent. */
  deliveryMs: quantiles.extend({ uncorrected: quantiles }).nullable(),
  serverCpuMicrosPerDelivery: nonNegative,
  /** Null where the database's CPU time cannot be told. */
  databaseCpuMicrosPerDelivery: nonNegative.nullable(),
  /** Logged-in connections as each server's own `/metrics` counts them, when everybody is in and before anybody goes away. */
  connectionsPerServer: z.array(count),
  /** Of the connections: largest over mean, coefficient of variation, Jain's index (1 is even). */
  imbalance: z.strictObject({ maxOverMean: nonNegative, cv: nonNegative, jain: nonNegative }),
  crossServerCopiesPerMessage: nonNegative,
  audit,
  generator: z.strictObject({ cpuCores: nonNegative, lateP99Ms: nonNegative, loopLagP99Ms: nonNegative }),
  /** Messages without acknowledgement and refused changes, by why. */
  failures: z.record(z.string(), count),
  /** What others had of the machine in the measured time, in cores; null where that cannot be told. */
  machine: z.strictObject({
    /** Other programs. */
    otherCpuCores: nonNegative.nullable(),
    /** Other virtual machines of the same host. */
    stolenCpuCores: nonNegative.nullable(),
  }),
  valid: z.boolean(),
  invalidReasons: z.array(invalidReason),
};
const cellTry = z.strictObject(cellFigures);
export type CellTry = z.output<typeof cellTry>;

const failure = { code: z.string(), message: z.string() };

/** The figures of the last try that came to any; those before it were invalid for the generator's sake. */
const cell = z.strictObject({
  ...cellFigures,
  earlierTries: z.array(cellTry),
  /** Why the try after that came to no figures; only where one failed. */
  failedTry: z.strictObject(failure).exactOptional(),
});
export type Cell = z.output<typeof cell>;

/** A cell without figures: something failed in it, at the first try. */
const failedCell = z.strictObject({ servers: count, strategy: z.string(), ...failure });
export type FailedCell = z.output<typeof failedCell>;

/** What this machine holds, tried out before the cells, so that they are measured at a rate that fits it. */
const pilot = z.strictObject({
  servers: count,
  strategy: z.string(),
  /** In the order in which they were tried. */
  rungs: z.array(
    z.strictObject({
      ratePerSecond: nonNegative,
      held: z.boolean(),
      /** Why it was not held. */
      reasons: z.array(z.string()),
      deliveryP99Ms: nonNegative.nullable(),
    }),
  ),
  /** The highest rate that was held; null if none was. */
  heldPerSecond: nonNegative.nullable(),
  /** The cells' rate is this part of it, within the two bounds. */
  share: nonNegative,
  ratePerSecondMin: nonNegative,
  ratePerSecondMax: nonNegative,
  ratePerSecond: nonNegative,
  /** Why the pilot ended before its time; null if it did not. */
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  /** Of all that was sent in it; null if it ended before. */
  audit: audit.nullable(),
});
export type Pilot = z.output<typeof pilot>;

/** Of a run that did not come to its end: all that the document holds was measured before. */
const partial = z.strictObject({
  /** `unfinished`: the run still goes on, or was ended without a word. */
  reason: z.enum(["unfinished", "interrupted", "failed"]),
  /** What was under way. */
  at: z.string(),
  /** Of a failure: its code, and what happened. */
  detail: z.string().exactOptional(),
});
export type Partial = z.output<typeof partial>;

const header = {
  schemaVersion: z.literal(1),
  startedAt: z.iso.datetime(),
  environment,
  /** Only of a run that did not come to its end. */
  partial: partial.exactOptional(),
};

const cells = z.strictObject({
  ...header,
  benchmark: z.enum(["quick", "load"]),
  workload: workloadSchema,
  /** What simulated users share, and whatever else makes them unlike people. */
  simulation: z.array(z.string()),
  /** Null where the rate was given. */
  pilot: pilot.nullable(),
  cells: z.array(cell),
  failed: z.array(failedCell),
});
export type CellsDocument = z.output<typeof cells>;

const fanoutPoint = z.strictObject({
  arm: z.string(),
  round: count,
  /** Messages a second, or null for the closed loop. */
  ratePerSecond: z.number().nullable(),
  deliveredPerSecond: nonNegative,
  serverCpuMicrosPerDelivery: nonNegative,
  databaseCpuMicrosPerDelivery: nonNegative.nullable(),
  deliveryMs: quantiles.nullable(),
  uncorrectedMs: quantiles.nullable(),
  lateP99Ms: nonNegative,
  complete: z.boolean(),
  /** Whether the load generator kept up; if not, the figures tell of it rather than of the arm. */
  valid: z.boolean(),
  invalidReasons: z.array(invalidReason),
  /** Of FastChat's arms: which promises were broken. */
  breaches: z.array(breach),
});
export type FanoutPoint = z.output<typeof fanoutPoint>;

const fanout = z.strictObject({
  ...header,
  benchmark: z.literal("fanout"),
  workload: workloadSchema,
  points: z.array(fanoutPoint),
});
export type FanoutDocument = z.output<typeof fanout>;

const ingest = z.strictObject({
  ...header,
  benchmark: z.literal("ingest"),
  payloadBytes: count,
  groups: count,
  saturated: z.array(z.strictObject({ arm: z.string(), round: count, rowsPerSecond: nonNegative })),
  paced: z.array(
    z.strictObject({
      round: count,
      ratePerSecond: z.number(),
      rowsPerCommit: nonNegative,
      /** Of the transactions. */
      commitMs: quantiles,
      /** From when the writer was handed a message until its outcome was known. */
      outcomeMs: quantiles,
      writerCpuMicrosPerRow: nonNegative,
      databaseCpuMicrosPerRow: nonNegative.nullable(),
    }),
  ),
  crossover: z.array(
    z.strictObject({
      rows: count,
      path: z.enum(["statement", "copy"]),
      writerCpuMicrosPerRow: nonNegative,
      databaseCpuMicrosPerRow: nonNegative.nullable(),
      microsPerRow: nonNegative,
    }),
  ),
});
export type IngestDocument = z.output<typeof ingest>;

const scale = z.strictObject({
  ...header,
  benchmark: z.enum(["connections", "logins", "generator", "files"]),
  figures: z.array(z.strictObject({ name: z.string(), value: z.number(), unit: z.string() })),
});
export type ScaleDocument = z.output<typeof scale>;

/** A median over the rounds with its 95% bootstrap interval. */
const spread = z.strictObject({ median: nonNegative, low: nonNegative, high: nonNegative });

const microRound = z.strictObject({
  calls: count,
  /** From the call until its outcome; the median of the round's samples. */
  microsPerCall: nonNegative,
  /** For so long of that the caller's event loop could do nothing else; the median likewise. */
  heldMicrosPerCall: nonNegative,
  /** The mean of the whole process: other threads and the garbage collector too. */
  cpuMicrosPerCall: nonNegative,
});
export type MicroRound = z.output<typeof microRound>;

const microArm = z.strictObject({
  arm: z.string(),
  /** Calls under way together; the time of a call is then the time of all by their number. */
  atOnce: count,
  microsPerCall: spread,
  heldMicrosPerCall: spread,
  cpuMicrosPerCall: spread,
  /** How many times the first arm's, round by round. */
  ofFirst: z.strictObject({ time: spread, held: spread, cpu: spread }),
  rounds: z.array(microRound),
});
export type MicroArmResult = z.output<typeof microArm>;

const microComparison = z.strictObject({
  /** Comparisons of one group share a table. */
  group: z.string(),
  operation: z.string(),
  /** Of a series: how many or how much. */
  size: count.nullable(),
  arms: z.array(microArm),
});
export type MicroComparison = z.output<typeof microComparison>;

const micro = z.strictObject({
  ...header,
  benchmark: z.literal("micro"),
  /** What was taken apart, such as `crypto`. */
  topic: z.string(),
  /** Measured time of each arm in each round. */
  secondsPerRound: nonNegative,
  comparisons: z.array(microComparison),
  /** What follows from the comparisons; null where nothing does. */
  figures: z.array(z.strictObject({ name: z.string(), value: z.number().nullable(), unit: z.string() })),
});
export type MicroDocument = z.output<typeof micro>;

export const resultsSchema = z.discriminatedUnion("benchmark", [cells, fanout, ingest, scale, micro]);
export type ResultsDocument = z.output<typeof resultsSchema>;

/** The schema's file, from the types above. */
export function resultsJsonSchema(): unknown {
  return z.toJSONSchema(resultsSchema, { target: "draft-2020-12", io: "output" });
}
