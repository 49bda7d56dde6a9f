import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { silentLog } from "../../core/platform/log.ts";
import type { Benchmark } from "../benchmark.ts";
import type { RunDocument } from "../document/document.ts";
import { linesOf } from "../document/document-lines.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { sharedLaboratory } from "../started/testing/shared-laboratory.ts";

export interface AcceptedBenchmark<Document extends RunDocument> {
  /** Why the benchmark cannot run on this machine; false where it can. */
  readonly skip?: string | false;
  /** Runs the benchmark with the smallest settings, to its end. */
  readonly tiny: {
    readonly fact: string;
    run(parts: BenchmarkRun<Document>): Promise<Document>;
    check(document: Document): void;
  };
  /** Runs the benchmark until it reports a step; it is interrupted there. */
  readonly interrupted: readonly {
    readonly fact: string;
    readonly at: RegExp;
    run(parts: BenchmarkRun<Document>): Promise<Document>;
    /** Checks what it had measured by then. */
    check(soFar: Document | undefined): void;
  }[];
}

/** The tests that every benchmark must pass; the test file of each calls this. */
export function acceptBenchmark<Document extends RunDocument>(
  benchmark: Benchmark<Document>,
  { skip = false, tiny, interrupted }: AcceptedBenchmark<NoInfer<Document>>,
): void {
  suite(`bench ${benchmark.name}`, { skip }, () => {
    test(tiny.fact, async () => {
      const document = await tiny.run({ log: silentLog, signal: new AbortController().signal, openLaboratory });
      assertShown(benchmark, document);
      tiny.check(document);
    });

    for (const { fact, at, run, check } of interrupted) {
      test(`interrupted at ${at.source}, it ends and has reported ${fact}`, async () => {
        const stopping = new AbortController();
        let soFar: Document | undefined;
        const running = run({
          log: silentLog,
          signal: stopping.signal,
          openLaboratory,
          onStep(what) {
            if (at.test(what)) stopping.abort();
          },
          onMeasured(document) {
            soFar = document;
          },
        });
        const end = await running.then(
          () => "it ended by itself",
          (cause: unknown) => cause,
        );
        if (!stopping.signal.aborted) throw new Error("it did not report the step", { cause: end });
        assert.notEqual(end, "it ended by itself");
        if (soFar) assertShown(benchmark, soFar);
        check(soFar);
      });
    }
  });
}

const openLaboratory = sharedLaboratory;

/** Asserts that a document has the benchmark's form, and can be shown. */
function assertShown<Document extends RunDocument>(benchmark: Benchmark<Document>, document: Document): void {
  assert.deepEqual(benchmark.schema.parse(document), document);
  assert.doesNotMatch(linesOf(benchmark, document).join("\n"), /NaN|undefined/);
  assert.notEqual(benchmark.passed?.(document), false);
  benchmark.html?.(document);
}

/** The value of the figure with this name. */
export function figureOf(document: { readonly figures: readonly Named[] } | undefined, name: string): number | null {
  const figure = document?.figures.find((of) => of.name === name);
  return figure ? figure.value : assert.fail(`there is no figure "${name}"`);
}

interface Named {
  readonly name: string;
  readonly value: number | null;
}
