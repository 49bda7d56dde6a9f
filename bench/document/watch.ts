import type { RunDocument } from "./document.ts";

/** What a benchmark says of itself while it runs. */
export interface Watch<Document extends RunDocument> {
  /** What is under way from here on, and which of how many steps it is, where that is known. */
  onStep?(what: string, step?: { readonly number: number; readonly of: number }): void;
  /** All that was measured so far, as the document that this run would be if it ended here. */
  onMeasured?(soFar: Document): void;
}
