import { z } from "zod";
import type { Progress } from "../loadgen/threads/crew.ts";
import type { RunDocument } from "./document/document.ts";
import type { DocumentKind } from "./document/document-kind.ts";
import type { Watch } from "./document/watch.ts";
import type { BenchmarkOptions } from "./options.ts";
import type { LaboratoryOptions } from "./started/laboratory.ts";

/** What a run is given besides its options, and whom it tells. */
export interface BenchmarkRun<Document extends RunDocument> extends Watch<Document>, LaboratoryOptions {
  readonly signal: AbortSignal;
  /** Called a few times a second by those that put load on servers. */
  onProgress?(progress: Progress): void;
}

/** One of the commands below `fastchat bench`: an entry of `benchmarks.ts`. */
export interface Benchmark<Document extends RunDocument = RunDocument> extends DocumentKind<Document> {
  /** As its user writes it: `quick`; with a topic where several share a command, `micro crypto`. */
  readonly name: string;
  /** What it answers, in README.md. */
  readonly question: string;
  /** What it does, in the help. */
  readonly description: string;
  readonly options: BenchmarkOptions;
  /** Options of the command lines that the help shows. */
  readonly examples: readonly string[];
  /** What the help says behind the examples. */
  readonly remark?: string;
  /** Whether it says how far a step is, so that a bar can move. */
  readonly hasProgress?: boolean;
  /** `flags` are the options' texts by name, for their schema to read. */
  run(flags: unknown, by: BenchmarkRun<NoInfer<Document>>): Promise<NoInfer<Document>>;
}

/** A benchmark whose `run` takes its options' values. */
interface BenchmarkWith<Options extends BenchmarkOptions, Document extends RunDocument>
  extends Omit<Benchmark<Document>, "options" | "run"> {
  readonly options: Options;
  run(options: z.output<z.ZodObject<Options>>, by: BenchmarkRun<NoInfer<Document>>): Promise<NoInfer<Document>>;
}

export function defineBenchmark<Options extends BenchmarkOptions, Document extends RunDocument>(
  benchmark: BenchmarkWith<Options, Document>,
): Benchmark<Document> {
  const options = z.object(benchmark.options);
  return { ...benchmark, run: (flags, by) => benchmark.run(options.parse(flags), by) };
}
