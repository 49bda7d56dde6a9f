import { z } from "zod";
import { count, documentHeader, nonNegative } from "./document.ts";

/** A median over the rounds with its 95% bootstrap interval. */
const spread = z.strictObject({ median: nonNegative, low: nonNegative, high: nonNegative }).meta({ id: "spread" });

const microRound = z.strictObject({
  calls: count,
  /** Time from the call until its result: the median of the round's samples. */
  microsPerCall: nonNegative,
  /** How much of that time the caller's event loop was held and could do nothing else: the median likewise. */
  heldMicrosPerCall: nonNegative,
  /** CPU time of the whole process for each call, other threads and the garbage collector included: the mean. */
  cpuMicrosPerCall: nonNegative,
});
export type MicroRound = z.output<typeof microRound>;

const microArm = z.strictObject({
  arm: z.string(),
  /** How many calls are under way together; a call's time is then the time of all, divided by their number. */
  atOnce: count,
  microsPerCall: spread,
  heldMicrosPerCall: spread,
  cpuMicrosPerCall: spread,
  /** The arm's figures divided by those of the first arm, round by round. */
  ofFirst: z.strictObject({ time: spread, held: spread, cpu: spread }),
  rounds: z.array(microRound),
});
export type MicroArmResult = z.output<typeof microArm>;

const microComparison = z
  .strictObject({
    /** Comparisons of one group share a table. */
    group: z.string(),
    operation: z.string(),
    /** In a series of comparisons of one operation: the size of this one. */
    size: count.nullable(),
    arms: z.array(microArm),
  })
  .meta({ id: "comparison" });
export type MicroComparison = z.output<typeof microComparison>;

/** The document of a benchmark of single operations. */
export function microDocument<Topic extends "crypto" | "gui">(topic: Topic) {
  return z.strictObject({
    ...documentHeader,
    benchmark: z.literal("micro"),
    topic: z.literal(topic),
    /** Measured time of each arm in each round. */
    secondsPerRound: nonNegative,
    comparisons: z.array(microComparison),
    /** Figures that follow from the comparisons; null where a figure could not be found. */
    figures: z.array(z.strictObject({ name: z.string(), value: z.number().nullable(), unit: z.string() })),
  });
}
export type MicroDocument<Topic extends "crypto" | "gui" = "crypto" | "gui"> = z.output<
  ReturnType<typeof microDocument<Topic>>
>;
