import { merged, type Quantiles } from "./recorder/recorder.ts";
import { generatorFaults, type InvalidReason } from "./recorder/validity.ts";
import type { Stretch, StretchRecord } from "./threads/thread-calls.ts";

/** The figures of a stretch of load. */
export interface StretchResult {
  /** The measured time: shorter than the stretch's if it was cut short. */
  readonly seconds: number;
  readonly offeredPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly ackMs: Quantiles | undefined;
  readonly deliveryMs: (Quantiles & { readonly uncorrected: Quantiles }) | undefined;
  readonly generator: { readonly cpuCores: number; readonly lateP99Ms: number; readonly loopLagP99Ms: number };
  /** Messages without acknowledgement and refused changes, counted by code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly valid: boolean;
  /** Why the generator or the workload limited this stretch; empty if neither did. */
  readonly invalidReasons: readonly InvalidReason[];
}

/** The figures of a stretch, from what its threads have measured. */
export function stretchResult(
  measured: { arrivals: Stretch["arrivals"]; durationSeconds: number; cpuCores: number },
  records: readonly StretchRecord[],
): StretchResult {
  const { durationSeconds: seconds, cpuCores } = measured;
  const sum = (of: (record: StretchRecord) => number) => records.reduce((total, record) => total + of(record), 0);
  const delivery = merged(records.map((record) => record.delivery)).quantiles();
  const uncorrected = merged(records.map((record) => record.deliveryUncorrected)).quantiles();
  const late = merged(records.map((record) => record.late)).quantiles();
  const offeredPerSecond = sum((record) => record.offered) / seconds;
  const lateP99Ms = late?.p99 ?? 0;
  const unsettled = sum((record) => record.unsettled);
  const failures: Record<string, number> = unsettled > 0 ? { no_outcome: unsettled } : {};
  for (const [code, count] of records.flatMap((record) => [...record.failures])) {
    failures[code] = (failures[code] ?? 0) + count;
  }

  const loopUtilization = Math.max(...records.map((record) => record.loopUtilization));
  const figures = { offeredPerSecond, fromDueMs: delivery, fromSentMs: uncorrected, loopUtilization };
  const invalidReasons = generatorFaults(measured, figures);
  if (unsettled > 0)
    invalidReasons.push({ code: "unsettled", detail: `${unsettled} messages had no outcome at the end` });

  return {
    seconds,
    offeredPerSecond,
    deliveredPerSecond: sum((record) => record.deliveries) / seconds,
    ackMs: merged(records.map((record) => record.ack)).quantiles(),
    deliveryMs: delivery && uncorrected ? { ...delivery, uncorrected } : undefined,
    generator: { cpuCores, lateP99Ms, loopLagP99Ms: Math.max(...records.map((record) => record.loopLagP99Ms)) },
    failures,
    valid: invalidReasons.length === 0,
    invalidReasons,
  };
}
