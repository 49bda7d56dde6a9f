import type { RunDocument } from "./document.ts";

/** The number of a step, and how many steps there are. */
export interface StepNumber {
  readonly number: number;
  readonly of: number;
}

/** A step in one line, with its number if it has one. */
export const stepText = (what: string, step?: StepNumber) => (step ? `${step.number}/${step.of} ${what}` : what);

/** What a benchmark calls while it runs. */
export interface RunEvents<Document extends RunDocument> {
  /** A step begins; it has a number where the benchmark knows how many there are. */
  onStep?(what: string, step?: StepNumber): void;
  /** Something was measured: the document that the run would write if it ended now. */
  onMeasured?(soFar: Document): void;
}
