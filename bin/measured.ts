import { keepMeasured } from "../bench/report/keep.ts";
import { partialNotice } from "../bench/report/partial-notice.ts";
import type { ResultsDocument } from "../bench/report/results.ts";
import type { Watch } from "../bench/report/watch.ts";
import { systemClock } from "../core/platform/clock.ts";
import { print } from "./program.ts";

export interface MeasuredOptions<Document> {
  readonly signal: AbortSignal;
  /** Where else the result is written. */
  readonly json: string | undefined;
  onStep?: Watch<ResultsDocument>["onStep"];
  /** Clears what showed the progress. */
  end(): void;
  /** The tables, and what there is to say to them. */
  show(document: Document): readonly string[];
  /** Whether all is as it has to be; if not, the exit code is 1. */
  passed?(document: Document): boolean;
}

/**
 * Runs a benchmark for somebody at a terminal, and answers the exit code. What was measured is printed with the files that
 * hold it, and first of all that it is not everything, when the run was interrupted or failed; that is then thrown on.
 */
export async function measured<Document extends ResultsDocument>(
  { signal, json, onStep, end, show, passed }: MeasuredOptions<Document>,
  benchmark: (watch: Watch<Document>) => Promise<Document>,
): Promise<number> {
  const options = { signal, jsonFile: json, clock: systemClock, ...(onStep && { onStep }) };
  const { document, files, cause } = await keepMeasured(options, benchmark).finally(end);
  for (const line of document ? [...partialNotice(document), ...show(document), ...files] : []) print(line);
  if (cause === undefined) return !document || (passed?.(document) ?? true) ? 0 : 1;
  // A failure says by itself why, and begins with its code.
  if (!document && signal.aborted) process.stderr.write("Nothing was measured.\n");
  throw cause;
}
