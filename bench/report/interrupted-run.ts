import assert from "node:assert/strict";
import { type ResultsDocument, resultsSchema } from "./results.ts";
import type { Watch } from "./watch.ts";

export type Interruptible<Document extends ResultsDocument> = Watch<Document> & { readonly signal: AbortSignal };

/** Runs a benchmark until it says that it comes to this step, interrupts it there, and answers what it had measured. */
export async function interruptedAt<Document extends ResultsDocument>(
  step: RegExp,
  benchmark: (watch: Interruptible<Document>) => Promise<Document>,
): Promise<Document | undefined> {
  const stopping = new AbortController();
  let soFar: Document | undefined;
  const running = benchmark({
    signal: stopping.signal,
    onStep(what) {
      if (step.test(what)) stopping.abort();
    },
    onMeasured(document) {
      soFar = document;
    },
  });
  const end = await running.then(
    () => "it ended by itself",
    (cause: unknown) => cause,
  );
  if (!stopping.signal.aborted) throw new Error(`it did not come to ${step}`, { cause: end });
  assert.notEqual(end, "it ended by itself");
  if (soFar) resultsSchema.parse(soFar);
  return soFar;
}
