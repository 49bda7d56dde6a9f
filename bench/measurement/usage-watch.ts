import { systemClock as clock, sleep } from "../../core/platform/clock.ts";
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
  readonly #server: ServerProcess;
  readonly #startMs = clock.monotonic();
  readonly #before: ReturnType<ServerProcess["usage"]>;
  readonly #watching: Promise<void>;
  #peakBytes = 0;
  #seconds = 0;
  #ended = false;

  constructor(server: ServerProcess) {
    this.#server = server;
    this.#before = server.usage();
    this.#watching = this.#watch();
  }

  /** Stops reading: afterwards the server may end. */
  async stop(): Promise<void> {
    this.#seconds = (clock.monotonic() - this.#startMs) / 1000;
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
      await sleep(clock, memoryPeriodMs);
    }
  }
}
