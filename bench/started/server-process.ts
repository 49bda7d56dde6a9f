import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import type { Arm, ChildOrder, ChildReport } from "./arm.ts";
import { processUsage } from "./process-usage.ts";

type Ready = Extract<ChildReport, { kind: "ready" }>;
type Usage = Extract<ChildReport, { kind: "usage" }>;

const startMsMax = 60_000;
const stopMsMax = 20_000;

/** A server process under test. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #pid: number;
  readonly ready: Ready;

  private constructor(child: ChildProcess, ready: Ready) {
    if (child.pid === undefined)
      throw new Failure("server_failed", "no process was started", "look at the machine's limits");
    this.#child = child;
    this.#pid = child.pid;
    this.ready = ready;
  }

  static async start(arm: Arm): Promise<ServerProcess> {
    const child = fork(fileURLToPath(new URL("./server-child.js", import.meta.url)), { serialization: "advanced" });
    try {
      send(child, { kind: "start", arm });
      return new ServerProcess(child, await reply<Ready>(child, "ready", startMsMax));
    } catch (cause) {
      child.kill("SIGKILL");
      throw cause;
    }
  }

  get target(): string {
    return `127.0.0.1:${this.ready.port}`;
  }

  get pid(): number {
    return this.#pid;
  }

  /** CPU time so far, and memory now. */
  async usage(): Promise<Omit<Usage, "kind">> {
    const seen = processUsage(this.pid);
    if (seen) return seen;
    send(this.#child, { kind: "usage" });
    return reply<Usage>(this.#child, "usage", startMsMax);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    if (this.#child.connected) send(this.#child, { kind: "stop" });
    const giveUp = systemClock.after(stopMsMax, () => this.#child.kill("SIGKILL"));
    await exited;
    giveUp();
  }
}

function send(child: ChildProcess, order: ChildOrder): void {
  child.send(order);
}

function reply<T extends ChildReport>(child: ChildProcess, kind: T["kind"], msMax: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      giveUp();
      child.off("message", read).off("exit", ended);
    };
    const fail = (code: string, what: string, advice: string) => {
      settle();
      reject(new Failure(code, what, advice));
    };
    const read = (report: ChildReport) => {
      if (report.kind === "failed") return fail(report.code, report.message, report.advice);
      if (report.kind !== kind) return;
      settle();
      resolve(report as T);
    };
    const ended = (code: number | null) =>
      fail("server_failed", `the server process ended with ${code}`, "see its log above");
    const giveUp = systemClock.after(msMax, () =>
      fail("server_failed", `no ${kind} from the server process`, "see its log"),
    );
    child.on("message", read).once("exit", ended);
  });
}
