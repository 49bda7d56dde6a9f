import { systemClock } from "../core/platform/clock.ts";
import type { Progress } from "../loadgen/threads/crew.ts";
import type { RunDocument } from "./document/document.ts";
import type { DocumentKind } from "./document/document-kind.ts";
import { linesOf } from "./document/document-lines.ts";
import { keepMeasured } from "./document/keep.ts";
import type { Watch } from "./document/watch.ts";
import { ProgressLine } from "./report/progress-line.ts";
import { StepLine } from "./report/step-line.ts";

export interface TerminalRun {
  readonly signal: AbortSignal;
  /** Where else the result is written. */
  readonly json: string | undefined;
  /** Whether the benchmark says how far a step is. */
  readonly hasProgress: boolean;
  print(line: string): void;
}

/**
 * Runs a benchmark for somebody at a terminal, and answers the exit code. What was measured is printed with the files that
 * hold it, and first of all that it is not everything, when the run was interrupted or failed; that is then thrown on.
 */
export async function runAtTerminal<Document extends RunDocument>(
  kind: DocumentKind<Document>,
  { signal, json, hasProgress, print }: TerminalRun,
  benchmark: (watch: Watch<Document> & { onProgress(progress: Progress): void }) => Promise<Document>,
): Promise<number> {
  const line = hasProgress ? new ProgressLine(process.stderr) : new StepLine(process.stderr);
  const onStep: Watch<Document>["onStep"] = (what, step) => line.step(what, step);
  const options = { signal, jsonFile: json, clock: systemClock, onStep };
  const { document, files, cause } = await keepMeasured(kind, options, (watch) =>
    benchmark({ ...watch, onProgress: (progress) => line.progress(progress) }),
  ).finally(() => line.stop());
  for (const text of document ? [...linesOf(kind, document), ...files] : []) print(text);
  if (cause === undefined) return !document || (kind.passed?.(document) ?? true) ? 0 : 1;
  // A failure says by itself why, and begins with its code.
  if (!document && signal.aborted) process.stderr.write("Nothing was measured.\n");
  throw cause;
}
