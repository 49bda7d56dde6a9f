import { z } from "zod";
import { workloadSchema } from "../../loadgen/workload/workload.ts";
import { breach, count, documentHeader, invalidReason, nonNegative, quantiles } from "./document.ts";

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
  /** Whether the load generator kept up; if not, the figures show its limits rather than the arm's. */
  valid: z.boolean(),
  invalidReasons: z.array(invalidReason),
  /** The broken promises; only FastChat's arms make any. */
  breaches: z.array(breach),
});
export type FanoutPoint = z.output<typeof fanoutPoint>;

export const fanoutDocument = z.strictObject({
  ...documentHeader,
  benchmark: z.literal("fanout"),
  workload: workloadSchema,
  points: z.array(fanoutPoint),
});
export type FanoutDocument = z.output<typeof fanoutDocument>;
