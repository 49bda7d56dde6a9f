import { AsyncLocalStorage } from "node:async_hooks";
import type { ThisMachineOptions } from "../core/client/index.ts";

/** Where a command runs: where its output and its exit code go, and what accounts cost there. */
export interface CommandHost {
  out(text: string): void;
  err(text: string): void;
  /** The exit code. */
  end(code: number): void;
  /** Options of its machine that differ from those of a person's. */
  readonly machine?: ThisMachineOptions;
}

/** The process itself. */
export const ownHost: CommandHost = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  end(code) {
    process.exitCode = code;
  },
};

const hosts = new AsyncLocalStorage<CommandHost>();

/** The host of the command that runs now: the process, unless `work` below was given another. */
export const currentHost = (): CommandHost => hosts.getStore() ?? ownHost;

/** Runs `work` with this host, so that a test can run many commands in one process. */
export function hostedBy<T>(host: CommandHost, work: () => Promise<T>): Promise<T> {
  return hosts.run(host, work);
}
