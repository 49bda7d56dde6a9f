import type { Progress } from "../../loadgen/threads/crew.ts";
import type { RunDocument } from "../document/document.ts";
import type { RunEvents } from "../document/run-events.ts";
import type { LaboratoryOptions } from "../started/laboratory.ts";

/** What a run is given besides its options, and what it calls while it goes on. */
export interface BenchmarkRun<Document extends RunDocument> extends RunEvents<Document>, LaboratoryOptions {
  readonly signal: AbortSignal;
  /** Called a few times a second by benchmarks that put load on servers. */
  onProgress?(progress: Progress): void;
}
