import { systemClock } from "../core/platform/clock.ts";
import type { Progress } from "../loadgen/threads/crew.ts";
import type { RunDocument } from "./document/document.ts";
import type { DocumentKind } from "./document/document-kind.ts";
import { linesOf } from "./document/document-lines.ts";
import { keepMeasured } from "./document/keep.ts";
import type { RunEvents } from "./document/run-events.ts";
import { ProgressLine } from "./report/progress-line.ts";
import { StepLine } from "./report/step-line.ts";

export interface TerminalRun {
  readonly signal: AbortSignal;
  /** A file that the result is written to besides `results/`. */
  readonly json: string | undefined;
  /** Whether the benchmark calls `onProgress`. */
  readonly hasProgress: boolean;
  print(line: string): void;
}

/**
 * Runs a benchmark for somebody at a terminal, and answers the exit code. Prints what was measured, and the files that hold it.
 * When the run was interrupted or failed, says so first, prints what had been measured, and throws the cause.
 */
export async function runAtTerminal<Document extends RunDocument>(
  kind: DocumentKind<Document>,
  { signal, json, hasProgress, print }: TerminalRun,
  benchmark: (events: RunEvents<Document> & { onProgress(progress: Progress): void }) => Promise<Document>,
): Promise<number> {
  const line = hasProgress ? new ProgressLine(process.stderr) : new StepLine(process.stderr);
  const onStep: RunEvents<Document>["onStep"] = (what, step) => line.step(what, step);
  const options = { signal, jsonFile: json, clock: systemClock, onStep };
  const { document, files, cause } = await keepMeasured(kind, options, (events) =>
    benchmark({ ...events, onProgress: (progress) => line.progress(progress) }),
  ).finally(() => line.stop());
  for (const text of document ? [...linesOf(kind, document), ...files] : []) print(text);
  if (cause === undefined) return !document || (kind.passed?.(document) ?? true) ? 0 : 1;
  // The caller prints the cause; an interrupted run's does not say that there is no result.
  if (!document && signal.aborted) process.stderr.write("Nothing was measured.\n");
  throw cause;
}
