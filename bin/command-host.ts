import { AsyncLocalStorage } from "node:async_hooks";
import type { ThisMachineOptions } from "../core/client/index.ts";

/** Where a command runs: who is told what it says and how it ended, and what accounts cost there. */
export interface CommandHost {
  out(text: string): void;
  err(text: string): void;
  /** The exit code. */
  end(code: number): void;
  /** Of the machine whose accounts it uses, what is not as a person needs it. */
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

/** Of the command that runs now: the process, unless it was begun for somebody else. */
export const currentHost = (): CommandHost => hosts.getStore() ?? ownHost;

/** Has whatever `work` runs find this host, so that a test can run many commands in one process. */
export function hostedBy<T>(host: CommandHost, work: () => Promise<T>): Promise<T> {
  return hosts.run(host, work);
}
