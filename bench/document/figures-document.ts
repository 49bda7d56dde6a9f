import { z } from "zod";
import { documentHeader } from "./document.ts";

/** The document of a benchmark whose result is a list of figures. */
export function figuresDocument<Name extends string>(benchmark: Name) {
  return z.strictObject({
    ...documentHeader,
    benchmark: z.literal(benchmark),
    figures: z.array(z.strictObject({ name: z.string(), value: z.number(), unit: z.string() })),
  });
}
export type FiguresDocument<Name extends string = string> = z.output<ReturnType<typeof figuresDocument<Name>>>;
export type Figures = FiguresDocument["figures"];
