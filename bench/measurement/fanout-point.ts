import type { Workload } from "../../loadgen/workload/workload.ts";
import type { FanoutPoint } from "../document/fanout-document.ts";

/** What a point has besides what it cost, and which it is. */
export type MeasuredFanout = Omit<
  FanoutPoint,
  "arm" | "round" | "ratePerSecond" | "serverCpuMicrosPerDelivery" | "databaseCpuMicrosPerDelivery"
>;

/** The CPU seconds that an arm's server and its database have used by a moment. */
export interface FanoutReading {
  readonly cpuSeconds: number;
  /** 0 for an arm without a database; undefined where that of one cannot be read. */
  readonly databaseCpuSeconds: number | undefined;
}

/** A point, with the CPU time of each delivery; `before` and `after` are the readings around the measured time. */
export function fanoutPoint(of: {
  readonly arm: string;
  readonly round: number;
  readonly workload: Pick<Workload, "arrivals" | "durationSeconds">;
  readonly measured: MeasuredFanout;
  readonly before: FanoutReading | undefined;
  readonly after: FanoutReading | undefined;
}): FanoutPoint {
  const { arm, round, workload, measured, before, after } = of;
  const deliveries = measured.deliveredPerSecond * workload.durationSeconds;
  const micros = (then: number | undefined, now: number | undefined) =>
    then === undefined || now === undefined || deliveries === 0 ? undefined : ((now - then) * 1e6) / deliveries;
  return {
    arm,
    round,
    ratePerSecond: workload.arrivals.kind === "saturate" ? null : workload.arrivals.ratePerSecond,
    ...measured,
    serverCpuMicrosPerDelivery: micros(before?.cpuSeconds, after?.cpuSeconds) ?? 0,
    databaseCpuMicrosPerDelivery: micros(before?.databaseCpuSeconds, after?.databaseCpuSeconds) ?? null,
  };
}
