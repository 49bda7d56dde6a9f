import { z } from "zod";
import { workloadSchema } from "../../loadgen/workload/workload.ts";
import { audit, count, documentHeader, invalidReason, nonNegative, quantiles } from "./document.ts";

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
  /** Null where the database's CPU time cannot be read. */
  databaseCpuMicrosPerDelivery: nonNegative.nullable(),
  /** Logged-in connections as each server's own `/metrics` counts them, when all users are connected and before any leaves. */
  connectionsPerServer: z.array(count),
  /** Of the connections: largest over mean, coefficient of variation, Jain's index (1 is even). */
  imbalance: z.strictObject({ maxOverMean: nonNegative, cv: nonNegative, jain: nonNegative }),
  crossServerCopiesPerMessage: nonNegative,
  audit,
  generator: z.strictObject({ cpuCores: nonNegative, lateP99Ms: nonNegative, loopLagP99Ms: nonNegative }),
  /** Messages without acknowledgement and refused changes, counted by code. */
  failures: z.record(z.string(), count),
  /** What others used of the machine in the measured time, in cores; null where that cannot be read. */
  machine: z.strictObject({
    /** Other programs. */
    otherCpuCores: nonNegative.nullable(),
    /** Other virtual machines of the same host. */
    stolenCpuCores: nonNegative.nullable(),
  }),
  valid: z.boolean(),
  invalidReasons: z.array(invalidReason),
};
const cellTry = z.strictObject(cellFigures).meta({ id: "cellTry" });
export type CellTry = z.output<typeof cellTry>;

const failure = { code: z.string(), message: z.string() };

/** The figures of the last try that has some. The tries before it were invalid because of the generator. */
const cell = z
  .strictObject({
    ...cellFigures,
    earlierTries: z.array(cellTry),
    /** Why the try after that failed; only where one did. */
    failedTry: z.strictObject(failure).exactOptional(),
  })
  .meta({ id: "cell" });
export type Cell = z.output<typeof cell>;

/** A cell without figures, since its first try failed. */
const failedCell = z.strictObject({ servers: count, strategy: z.string(), ...failure }).meta({ id: "failedCell" });
export type FailedCell = z.output<typeof failedCell>;

/** The highest rate that this machine holds, searched before the cells, so that they are measured at a rate that fits it. */
const pilot = z
  .strictObject({
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
    /** Why the pilot ended too early; null if it did not. */
    failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    /** The audit of all messages of the pilot; null if the pilot ended too early. */
    audit: audit.nullable(),
  })
  .meta({ id: "pilot" });
export type Pilot = z.output<typeof pilot>;

/** The document of a benchmark that measures cells. */
export function cellsDocument<Name extends "quick" | "load">(benchmark: Name) {
  return z.strictObject({
    ...documentHeader,
    benchmark: z.literal(benchmark),
    workload: workloadSchema,
    /** In what simulated users are unlike people: keys that they share, for example. */
    simulation: z.array(z.string()),
    /** Null where the rate was given. */
    pilot: pilot.nullable(),
    cells: z.array(cell),
    failed: z.array(failedCell),
  });
}
export type CellsDocument = z.output<ReturnType<typeof cellsDocument>>;
