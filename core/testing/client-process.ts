import { type ChildProcess, fork } from "node:child_process";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import type { ClientOrder } from "./client-order.ts";

const running: ChildProcess[] = [];
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** A client in a process of its own, with connections of its own. */
export class ClientProcess {
  /** The servers that have welcomed it, one after the other. */
  readonly servers: string[] = [];

  private constructor(child: ChildProcess) {
    child.on("message", (server: string) => void this.servers.push(server));
  }

  /** Resolves once a server has welcomed it. It is killed when the test file ends. */
  static async start(order: ClientOrder): Promise<ClientProcess> {
    const child = fork(fileURLToPath(new URL("./client-program.js", import.meta.url)));
    running.push(child);
    const client = new ClientProcess(child);
    child.send(order);
    await new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`a client's process ended with ${code}`)));
    });
    return client;
  }
}
