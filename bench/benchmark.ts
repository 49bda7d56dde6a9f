import { z } from "zod";
import type { RunDocument } from "./document/document.ts";
import type { DocumentKind } from "./document/document-kind.ts";
import type { BenchmarkRun } from "./measurement/benchmark-run.ts";
import type { BenchmarkOptions } from "./options.ts";

/** One of the commands below `fastchat bench`: an entry of `benchmarks.ts`. */
export interface Benchmark<Document extends RunDocument = RunDocument> extends DocumentKind<Document> {
  /** As a user writes it: `quick`; with a topic where several benchmarks share a command, `micro crypto`. */
  readonly name: string;
  /** The question that it answers, as README.md has it. */
  readonly question: string;
  /** What it does, as the help says it. */
  readonly description: string;
  readonly options: BenchmarkOptions;
  /** The options of each example in the help. */
  readonly examples: readonly string[];
  /** What the help says after the examples. */
  readonly remark?: string;
  /** Whether it calls `onProgress`, so that a bar can move. */
  readonly hasProgress?: boolean;
  /** `flags` are the options' texts by name, for their schema to read. */
  run(flags: unknown, parts: BenchmarkRun<NoInfer<Document>>): Promise<NoInfer<Document>>;
}

/** A benchmark whose `run` takes its options' values. */
interface BenchmarkWith<Options extends BenchmarkOptions, Document extends RunDocument>
  extends Omit<Benchmark<Document>, "options" | "run"> {
  readonly options: Options;
  run(options: z.output<z.ZodObject<Options>>, parts: BenchmarkRun<NoInfer<Document>>): Promise<NoInfer<Document>>;
}

export function defineBenchmark<Options extends BenchmarkOptions, Document extends RunDocument>(
  benchmark: BenchmarkWith<Options, Document>,
): Benchmark<Document> {
  const options = z.object(benchmark.options);
  return { ...benchmark, run: (flags, parts) => benchmark.run(options.parse(flags), parts) };
}
