import { z } from "zod";
import { invalidCodes } from "../../loadgen/recorder/validity.ts";

/** Parts of the documents of all benchmarks. A run writes one document; `results.schema.json` has the forms of all. */
export const count = z.number().int().min(0);
export const nonNegative = z.number().min(0);

export const quantiles = z
  .strictObject({
    p50: nonNegative,
    p90: nonNegative,
    p99: nonNegative,
    p999: nonNegative,
    max: nonNegative,
  })
  .meta({ id: "quantiles" });

const environment = z
  .strictObject({
    cpuModel: z.string(),
    cpuCount: count,
    /** The system's limit on CPU time a second (a container's), in cores; null where there is none. */
    cpuLimitCores: nonNegative.nullable(),
    memoryBytes: count,
    os: z.string(),
    kernel: z.string(),
    node: z.string(),
    postgres: z.string(),
    /** Versions of the libraries on which the figures depend most. */
    dependencies: z.record(z.string(), z.string()),
    /** The program's commit; ends in `+` when files were changed since. Null outside of a repository. */
    commit: z.string().nullable(),
    durability: z.strictObject({
      synchronousCommit: z.string(),
      fsync: z.string(),
      /** The file system of the database's files: on one in memory, `fsync` costs nothing and promises nothing. */
      filesystem: z.string(),
    }),
    /** The load average of the minute before the run began: what else the machine was doing. */
    loadAverage: nonNegative,
  })
  .meta({ id: "environment" });
export type Environment = z.output<typeof environment>;

export const breach = z
  .strictObject({
    /** The promise's number in the contract; null if a member could not read a message, which no number covers. */
    promise: z.number().int().min(1).max(8).nullable(),
    what: z.string(),
    group: z.number(),
    seq: z.number().exactOptional(),
    client: z.number().exactOptional(),
  })
  .meta({ id: "breach" });

export type Breach = z.output<typeof breach>;

export const audit = z
  .strictObject({
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
  })
  .meta({ id: "audit" });

export const invalidReason = z
  .strictObject({ code: z.enum(invalidCodes), detail: z.string() })
  .meta({ id: "invalidReason" });

/** Why a run did not come to its end: the document holds what it had measured before. */
const partial = z
  .strictObject({
    /** `unfinished`: the run still goes on, or was killed. */
    reason: z.enum(["unfinished", "interrupted", "failed"]),
    /** The step that was under way. */
    at: z.string(),
    /** Of a failed run: the failure's code and message. */
    detail: z.string().exactOptional(),
  })
  .meta({ id: "partial" });
export type PartialRun = z.output<typeof partial>;

export const documentHeader = {
  schemaVersion: z.literal(1),
  startedAt: z.iso.datetime(),
  environment,
  /** Only of a run that did not come to its end. */
  partial: partial.exactOptional(),
};

/** The fields of every document, whichever benchmark wrote it. */
export interface RunDocument {
  readonly schemaVersion: 1;
  readonly benchmark: string;
  readonly startedAt: string;
  readonly environment: Environment;
  readonly partial?: PartialRun;
}
