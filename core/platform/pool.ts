import { availableParallelism } from "node:os";
import { Piscina, workerData } from "piscina";
import { accepted, type Result, refused } from "./result.ts";

export interface PoolOptions {
  /** The compiled module whose exports are the tasks. */
  readonly filename: string;
  /** Threads that are kept when there is nothing to do; one by default. */
  readonly threadsMin?: number;
  readonly threadsMax: number;
  /** Tasks that may wait; one more is refused at once. */
  readonly queueMax: number;
  /** What `poolThreadData()` answers in each thread. */
  readonly workerData?: unknown;
}

/** Leaves one core to the event loops; more than four threads of arithmetic make no chat faster. */
export function poolThreads(cores = availableParallelism()): number {
  return Math.max(1, Math.min(4, cores - 1));
}

/**
 * Threads for what would stall an event loop. A process has one pool, however many servers run in it: each would start as
 * many threads as there are cores.
 */
export class Pool {
  readonly #piscina: Piscina;
  readonly #queueMax: number;

  constructor({ filename, threadsMin = 1, threadsMax, queueMax, workerData }: PoolOptions) {
    this.#queueMax = queueMax;
    this.#piscina = new Piscina({
      filename,
      minThreads: threadsMin,
      maxThreads: threadsMax,
      maxQueue: queueMax + threadsMax,
      workerData,
      idleTimeout: 30_000,
    });
  }

  /** Tasks that wait for a thread. */
  get waiting(): number {
    return this.#piscina.queueSize;
  }

  /** The task's result; refused as `busy`, without running it, when the queue is full. Fails when the task throws. */
  async run<T>(task: string, input: unknown): Promise<Result<T, "busy">> {
    if (this.#piscina.queueSize >= this.#queueMax) return refused("busy");
    const result: unknown = await this.#piscina.run(input, { name: task });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- callers name the type that the task's function returns; the pool knows the task by its name only
    return accepted(result as T);
  }

  /** Ends the threads; tasks that still wait fail. */
  async close(): Promise<void> {
    await this.#piscina.destroy();
  }
}

/** In a pool's thread: the `workerData` that its pool was made with. Undefined in any other. */
export function poolThreadData(): unknown {
  return workerData;
}
