import type { RunDocument } from "./document.ts";

/** Which of how many steps one is. */
export interface StepNumber {
  readonly number: number;
  readonly of: number;
}

/** A step in one line, with its number where that is known. */
export const stepText = (what: string, step?: StepNumber) => (step ? `${step.number}/${step.of} ${what}` : what);

/** What a benchmark says of itself while it runs. */
export interface Watch<Document extends RunDocument> {
  /** What is under way from here on, and which of how many steps it is, where that is known. */
  onStep?(what: string, step?: StepNumber): void;
  /** All that was measured so far, as the document that this run would be if it ended here. */
  onMeasured?(soFar: Document): void;
}
