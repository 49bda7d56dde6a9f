import type { Clock } from "../../core/platform/clock.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import type { PartialRun, RunDocument } from "./document.ts";
import type { DocumentKind } from "./document-kind.ts";
import { type RunEvents, stepText } from "./run-events.ts";
import { assertWritable, writeDocument, writeJson } from "./write-document.ts";

export interface KeepOptions {
  /** A file that the result is written to at the end of the run, besides `results/`. */
  readonly jsonFile: string | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  onStep?: RunEvents<RunDocument>["onStep"];
}

export interface KeptRun<Document> {
  /** The result; marked partial if the run did not come to its end, undefined if nothing was measured. */
  readonly document: Document | undefined;
  /** The files that hold it. */
  readonly files: readonly string[];
  /** Why the run did not come to its end, or why its result could not be written; undefined if neither happened. */
  readonly cause: unknown;
}

/**
 * How often the unfinished result is written, at most: some benchmarks measure something every 50 ms. A killed run loses what it
 * measured since.
 */
const writePeriodMs = 1000;

/**
 * Runs a benchmark, and keeps what it measured even if the run is interrupted, fails or is killed. The result is written as it
 * grows, marked unfinished until the end. A run that is interrupted or fails leaves what it has measured, marked partial, with
 * the step that was under way.
 */
export async function keepMeasured<Document extends RunDocument>(
  kind: DocumentKind<Document>,
  options: KeepOptions,
  benchmark: (events: RunEvents<Document>) => Promise<Document>,
): Promise<KeptRun<Document>> {
  const { signal, clock } = options;
  assertWritable(options.jsonFile);
  let at = "starting";
  let soFar: Document | undefined;
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  const writeUnfinished = () => {
    if (!soFar) return;
    const document = marked(soFar, { reason: "unfinished", at });
    writtenAtMs = clock.monotonic();
    // A failure to write is ignored here, so that a full disk does not stop the measuring: the end writes again, or complains.
    attempt(() => writeDocument(kind, document));
  };
  const events: RunEvents<Document> = {
    onStep(what, step) {
      at = stepText(what, step);
      // So that the file of a run that is killed in this step names it.
      writeUnfinished();
      options.onStep?.(what, step);
    },
    onMeasured(document) {
      soFar = document;
      if (clock.monotonic() - writtenAtMs >= writePeriodMs) writeUnfinished();
    },
  };
  try {
    return finish(kind, await benchmark(events), options, undefined);
  } catch (cause) {
    const partial = partialOf(cause, at, signal.aborted);
    return finish(kind, soFar && marked(soFar, partial), options, cause);
  }
}

function partialOf(cause: unknown, at: string, aborted: boolean): PartialRun {
  if (aborted) return { reason: "interrupted", at };
  const detail = cause instanceof Failure ? `${cause.code}: ${cause.message}` : messageOf(cause);
  return { reason: "failed", at, detail };
}

const marked = <Document extends RunDocument>(document: Document, partial: PartialRun): Document => ({
  ...document,
  partial,
});

function finish<Document extends RunDocument>(
  kind: DocumentKind<Document>,
  document: Document | undefined,
  { jsonFile }: KeepOptions,
  cause: unknown,
): KeptRun<Document> {
  const files: string[] = [];
  const unwritten = attempt(() => {
    if (!document) return;
    files.push(...writeDocument(kind, document));
    if (jsonFile === undefined) return;
    writeJson(kind, document, jsonFile);
    files.push(jsonFile);
  });
  return { document, files, cause: cause ?? unwritten };
}

/** Answers what the work threw; undefined if it threw nothing. */
function attempt(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (cause) {
    return cause;
  }
}
