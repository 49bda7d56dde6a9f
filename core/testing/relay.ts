import { connect, createServer, type Server, type Socket } from "node:net";
import { after } from "node:test";
import { portOf } from "./port-of.ts";

const relays: Relay[] = [];
after(() => {
  for (const relay of relays) relay.close();
});

/** Passes connections on to a server, as a NAT or a proxy does, and can lose them without a word. */
export class Relay {
  /** `host:port` for clients. */
  readonly target: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #forgotten = new WeakSet<Socket>();
  /** Whether new connections are accepted and lead nowhere, as those to a frozen server. */
  isFrozen = false;
  /** How many connections have been made. */
  made = 0;

  private constructor(server: Server) {
    this.#server = server;
    this.target = `127.0.0.1:${portOf(server)}`;
    relays.push(this);
  }

  /** In front of the server at this `host:port`. */
  static async inFrontOf(target: string): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const relay = new Relay(server);
    const { hostname, port } = new URL(`http://${target}`);
    server.on("connection", (socket) => relay.#join(socket, connect(Number(port), hostname)));
    return relay;
  }

  /** From now on, drops the bytes of all connections that there are; nobody is told. */
  forget(): void {
    for (const socket of this.#sockets) this.#forgotten.add(socket);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(one: Socket, other: Socket): void {
    this.made++;
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      this.#sockets.add(from);
      if (this.isFrozen) this.#forgotten.add(from);
      from.on("data", (bytes) => (this.#forgotten.has(from) ? undefined : to.write(bytes)));
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        if (!this.#forgotten.has(from)) to.destroySoon();
      });
    }
  }
}
