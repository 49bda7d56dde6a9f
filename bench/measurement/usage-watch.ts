import { type Clock, sleep } from "../../core/platform/clock.ts";
import type { ServerProcess } from "../started/server-process.ts";

const memoryPeriodMs = 10;

export interface WatchedUsage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** By how much memory grew, at most, over what it was before. */
  readonly grownBytes: number;
}

/** Reads a server's memory every few milliseconds while something is done. */
export class UsageWatch {
  readonly #server: Pick<ServerProcess, "usage">;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #before: ReturnType<ServerProcess["usage"]>;
  readonly #watching: Promise<void>;
  #peakBytes = 0;
  #seconds = 0;
  #ended = false;

  constructor(server: Pick<ServerProcess, "usage">, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.#startMs = clock.monotonic();
    this.#before = server.usage();
    this.#watching = this.#watch();
  }

  /** Stops reading: afterwards the server may end. */
  async stop(): Promise<void> {
    this.#seconds = (this.#clock.monotonic() - this.#startMs) / 1000;
    this.#ended = true;
    await this.#watching;
  }

  async usage(): Promise<WatchedUsage> {
    const [before, after] = [await this.#before, await this.#server.usage()];
    return {
      seconds: this.#seconds,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      grownBytes: Math.max(0, this.#peakBytes - before.residentBytes),
    };
  }

  async #watch(): Promise<void> {
    while (!this.#ended) {
      this.#peakBytes = Math.max(this.#peakBytes, (await this.#server.usage()).residentBytes);
      await sleep(this.#clock, memoryPeriodMs);
    }
  }
}
