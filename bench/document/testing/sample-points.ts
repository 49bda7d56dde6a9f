import type { FanoutPoint } from "../fanout-document.ts";
import { sampleCell } from "./sample-run.ts";

/** A point of `bench fanout` with made-up figures, for tests of tables and sentences. */
export function samplePoint(of: Partial<FanoutPoint> = {}): FanoutPoint {
  const { ackMs } = sampleCell();
  return {
    arm: "bare-uws",
    round: 0,
    ratePerSecond: 1000,
    deliveredPerSecond: 50_000,
    serverCpuMicrosPerDelivery: 5,
    databaseCpuMicrosPerDelivery: 0,
    deliveryMs: ackMs,
    uncorrectedMs: ackMs,
    lateP99Ms: 1,
    complete: true,
    valid: true,
    invalidReasons: [],
    breaches: [],
    ...of,
  };
}
