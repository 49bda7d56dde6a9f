import { z } from "zod";
import { count, documentHeader, nonNegative } from "./document.ts";

/** A median over the rounds with its 95% bootstrap interval. */
const spread = z.strictObject({ median: nonNegative, low: nonNegative, high: nonNegative }).meta({ id: "spread" });

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

const microComparison = z
  .strictObject({
    /** Comparisons of one group share a table. */
    group: z.string(),
    operation: z.string(),
    /** Of a series: how many or how much. */
    size: count.nullable(),
    arms: z.array(microArm),
  })
  .meta({ id: "comparison" });
export type MicroComparison = z.output<typeof microComparison>;

/** The document of a benchmark that takes single operations apart. */
export function microDocument<Topic extends "crypto" | "gui">(topic: Topic) {
  return z.strictObject({
    ...documentHeader,
    benchmark: z.literal("micro"),
    topic: z.literal(topic),
    /** Measured time of each arm in each round. */
    secondsPerRound: nonNegative,
    comparisons: z.array(microComparison),
    /** What follows from the comparisons; null where nothing does. */
    figures: z.array(z.strictObject({ name: z.string(), value: z.number().nullable(), unit: z.string() })),
  });
}
export type MicroDocument<Topic extends "crypto" | "gui" = "crypto" | "gui"> = z.output<
  ReturnType<typeof microDocument<Topic>>
>;
