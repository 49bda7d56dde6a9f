import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { type Calls, callsToChild } from "../../core/platform/thread-calls.ts";
import type { Arm, ProcessUsage, ReadyServer, ServerChildCalls } from "./arm.ts";
import { processUsage } from "./process-usage.ts";

const answerMsMax = 60_000;
const stopMsMax = 20_000;

/** A server process under test. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #calls: Calls<ServerChildCalls>;
  readonly ready: ReadyServer;

  private constructor(child: ChildProcess, calls: Calls<ServerChildCalls>, ready: ReadyServer) {
    this.#child = child;
    this.#calls = calls;
    this.ready = ready;
  }

  static async start(arm: Arm): Promise<ServerProcess> {
    const child = fork(fileURLToPath(new URL("./server-child.js", import.meta.url)), { serialization: "advanced" });
    const calls = callsToChild<ServerChildCalls>(child, {}, ended);
    try {
      return new ServerProcess(child, calls, await inTime("ready", calls.to.start(arm)));
    } catch (cause) {
      child.kill("SIGKILL");
      throw cause;
    }
  }

  get target(): string {
    return `127.0.0.1:${this.ready.port}`;
  }

  /** CPU time so far and memory now, read from outside where that is possible. */
  async usage(): Promise<ProcessUsage> {
    const { pid } = this.#child;
    const seen = pid === undefined ? undefined : processUsage(pid);
    return seen ?? inTime("usage", this.#calls.to.usage());
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#calls.post("stop");
    const giveUp = systemClock.after(stopMsMax, () => this.#child.kill("SIGKILL"));
    await exited;
    giveUp();
  }
}

const ended = (exitCode: number | null) =>
  new Failure("server_failed", `the server process ended with ${exitCode}`, "see its log above");

/** Fails with `server_failed` when the answer takes too long. */
async function inTime<Answer>(what: string, answer: Promise<Answer>): Promise<Answer> {
  let giveUp = () => {};
  const late = new Promise<never>((_, reject) => {
    giveUp = systemClock.after(answerMsMax, () =>
      reject(new Failure("server_failed", `no ${what} from the server process`, "see its log")),
    );
  });
  return Promise.race([answer, late]).finally(giveUp);
}
