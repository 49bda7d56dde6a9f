import type { Clock } from "../../core/platform/clock.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import type { PartialRun, RunDocument } from "./document.ts";
import type { DocumentKind } from "./document-kind.ts";
import { stepText, type Watch } from "./watch.ts";
import { assertWritable, writeDocument, writeJson } from "./write-document.ts";

export interface KeepOptions {
  /** Where the result goes besides `results/`, when the run ends. */
  readonly jsonFile: string | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  onStep?: Watch<RunDocument>["onStep"];
}

export interface KeptRun<Document> {
  /** What was measured, all of it or, then marked partial, what there was; undefined if that is nothing. */
  readonly document: Document | undefined;
  /** Where it is. */
  readonly files: readonly string[];
  /** Why the run did not come to its end, or its result not into its files; undefined for one that did. */
  readonly cause: unknown;
}

/** A run that is killed loses what it measured in so much time before, at most: some benchmarks measure something every 50 ms. */
const writePeriodMs = 1000;

/**
 * Runs a benchmark so that what it has measured outlives whatever ends it: the result is written as it grows, marked
 * unfinished until the end, and a run that is interrupted or fails leaves what it has, marked partial, with where it was.
 */
export async function keepMeasured<Document extends RunDocument>(
  kind: DocumentKind<Document>,
  options: KeepOptions,
  benchmark: (watch: Watch<Document>) => Promise<Document>,
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
    // What cannot be written now is written, or complained about, at the end: a full disk does not stop the measuring.
    attempt(() => writeDocument(kind, document));
  };
  const watch: Watch<Document> = {
    onStep(what, step) {
      at = stepText(what, step);
      // Whoever is killed in this step says so.
      writeUnfinished();
      options.onStep?.(what, step);
    },
    onMeasured(document) {
      soFar = document;
      if (clock.monotonic() - writtenAtMs >= writePeriodMs) writeUnfinished();
    },
  };
  try {
    return finish(kind, await benchmark(watch), options, undefined);
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

/** What went wrong with it. */
function attempt(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (cause) {
    return cause;
  }
}
