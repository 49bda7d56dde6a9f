import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { sleep, systemClock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { freePort } from "../../core/platform/free-port.ts";
import type { BareClient, ConnectBare } from "./bare-client.ts";
import { processUsage } from "./process-usage.ts";

const program = "nats-server";
const startTriesMax = 100;
const startPauseMs = 50;

/** Whether this machine has a NATS server to compare with, and can read its CPU time. */
export function hasNats(): boolean {
  return process.platform === "linux" && spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** A NATS server with core NATS alone: it passes messages on, and keeps none. */
export class NatsServer {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
  }

  static async start(): Promise<NatsServer> {
    const port = await freePort();
    const child = spawn(program, ["--addr", "127.0.0.1", "--port", String(port)], { stdio: "ignore" });
    const server = new NatsServer(port, child);
    for (let attempt = 1; ; attempt++) {
      try {
        (await connectNats(port, [], () => {})).close();
        return server;
      } catch (cause) {
        if (attempt < startTriesMax && child.exitCode === null) await sleep(systemClock, startPauseMs);
        else {
          await server.stop();
          throw new Failure(
            "nats_failed",
            `${program} does not answer on port ${port}`,
            "start it by hand to see why",
            cause,
          );
        }
      }
    }
  }

  usage(): { cpuSeconds: number } {
    const usage = this.#child.pid === undefined ? undefined : processUsage(this.#child.pid);
    if (!usage) throw new Failure("nats_failed", `${program} has ended`, "start it by hand to see why");
    return usage;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

/** All sockets read into one buffer, as the sockets of FastChat's clients do. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);
const lineBytesMax = 8192;

/** Connects a client of core NATS: a subject a group (docs.nats.io, "NATS Protocol"). */
export const connectNats: ConnectBare = (port, groups, received) =>
  new Promise((resolve, reject) => {
    const reader = new NatsReader({
      received,
      ping: () => void socket.write("PONG\r\n"),
      // NATS answers our PING after the subscriptions, so from now on the client misses no message.
      pong: () => resolve(client),
    });
    const socket: Socket = connect({
      host: "127.0.0.1",
      port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (bytes) => {
          reader.read(readBuffer.subarray(0, bytes));
          return true;
        },
      },
    });
    const client: BareClient = {
      publish(group, frame) {
        socket.cork();
        socket.write(`PUB g${group} ${frame.length}\r\n`);
        socket.write(frame);
        socket.write("\r\n");
        socket.uncork();
      },
      close: () => void socket.destroy(),
    };
    socket.once("connect", () => {
      socket.write('CONNECT {"verbose":false,"pedantic":false,"lang":"fastchat","version":"1","protocol":1}\r\n');
      for (const group of groups) socket.write(`SUB g${group} ${group + 1}\r\n`);
      socket.write("PING\r\n");
    });
    socket.on("error", reject);
  });

interface NatsEvents {
  received(payload: Uint8Array): void;
  ping(): void;
  pong(): void;
}

/** Parses what a NATS server sends: lines, and after a `MSG` line as many bytes as it announces. */
class NatsReader {
  readonly #events: NatsEvents;
  #rest: Buffer = Buffer.alloc(0);

  constructor(events: NatsEvents) {
    this.#events = events;
  }

  read(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    for (;;) {
      const end = bytes.indexOf("\r\n", at);
      if (end === -1) break;
      const line = bytes.toString("latin1", at, end);
      if (line.startsWith("MSG ")) {
        const length = Number(line.slice(line.lastIndexOf(" ") + 1));
        const next = end + 2 + length + 2;
        if (next > bytes.length) break;
        this.#events.received(bytes.subarray(end + 2, end + 2 + length));
        at = next;
        continue;
      }
      if (line === "PING") this.#events.ping();
      if (line === "PONG") this.#events.pong();
      if (line.startsWith("-ERR")) throw new Error(`NATS says ${line}`);
      at = end + 2;
    }
    if (bytes.length - at > lineBytesMax + readBuffer.length) throw new Error("NATS sent a line without an end");
    this.#rest = Buffer.from(bytes.subarray(at));
  }
}
