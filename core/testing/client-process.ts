import { type ChildProcess, fork } from "node:child_process";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { callsToChild } from "../platform/thread-calls.ts";
import type { ClientOrder, ClientProcessCalls, ClientWatcherCalls } from "./client-order.ts";

const running: ChildProcess[] = [];
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** A client in a process of its own, with connections of its own. */
export class ClientProcess {
  /** The servers that have welcomed it, one after the other. */
  readonly servers: string[] = [];

  /** Resolves once a server has welcomed it. It is killed when the test file ends. */
  static async start(order: ClientOrder): Promise<ClientProcess> {
    const program = fileURLToPath(new URL("./client-program.js", import.meta.url));
    const child = fork(program, { serialization: "advanced" });
    running.push(child);
    const client = new ClientProcess();
    const ours: ClientWatcherCalls = { welcomed: (server) => void client.servers.push(server) };
    const calls = callsToChild<ClientProcessCalls>(
      child,
      ours,
      (code) => new Error(`a client's process ended with ${code}`),
    );
    await calls.to.connect(order);
    return client;
  }
}
