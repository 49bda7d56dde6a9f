import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { systemClock } from "../../platform/clock.ts";
import { httpRequest } from "./node-http.ts";
import { portInUse } from "./port-in-use.ts";
import { readTls } from "./read-tls.ts";
import {
  type Connection,
  socketPath,
  type Transport,
  type TransportEvents,
  type TransportOptions,
} from "./transport.ts";

/** The transport in JavaScript: the `ws` library, for Node versions that uWebSockets.js has no binary for. */
export function wsTransport<Session>(events: TransportEvents<Session>, options: TransportOptions): Transport {
  const topics = new Map<string, Set<WsConnection>>();
  const answer = (request: IncomingMessage, response: ServerResponse) =>
    events.requested(httpRequest(request, response));
  const { tls } = options;
  const http = tls ? createTlsServer(readTls(tls), answer) : createServer(answer);
  const sockets = new WebSocketServer({
    server: http,
    path: socketPath,
    maxPayload: options.messageBytesMax,
    perMessageDeflate: false,
  });
  sockets.on("error", () => {}); // The HTTP server's errors come here too; `listen` reports them.

  const alive = new WeakSet<WebSocket>();
  const stopPinging = systemClock.every(options.idleSecondsMax * 1000, () => {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  });

  sockets.on("connection", (socket, request) => {
    alive.add(socket);
    const connection = new WsConnection(socket, request.socket, topics, options.backpressureBytesMax);
    const session = events.opened(connection);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      alive.add(socket);
      // A text frame is no frame of ours; empty bytes are refused as malformed, like any other.
      events.received(session, isBinary ? data : new Uint8Array(0));
    });
    socket.on("pong", () => alive.add(socket));
    socket.on("error", () => {}); // A `close` follows.
    socket.on("close", () => {
      connection.leaveAll();
      events.closed(session, connection.slow ? "slow_consumer" : "closed");
    });
    events.admitted(session);
  });

  return {
    name: "ws",
    listen: (host, port) => listen(http, host, port),
    publish(topic, frame) {
      const subscribers = topics.get(topic);
      if (!subscribers) return;
      for (const connection of subscribers) connection.send(frame);
    },
    async reloadCertificates() {
      if (tls && http instanceof TlsServer) http.setSecureContext(readTls(tls));
    },
    stopListening: () => void http.close(),
    close() {
      stopPinging();
      for (const socket of sockets.clients) socket.terminate();
      http.close();
      http.closeAllConnections();
    },
  };
}

function listen(http: Server | TlsServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", (cause) => reject(portInUse(host, port, cause)));
    http.listen({ host, port }, () => resolve((http.address() as { port: number }).port));
  });
}

class WsConnection implements Connection {
  readonly remoteAddress: string;
  slow = false;
  readonly #socket: WebSocket;
  readonly #stream: Socket;
  readonly #topics: Map<string, Set<WsConnection>>;
  readonly #subscribed = new Set<string>();
  readonly #backpressureBytesMax: number;
  #corked = false;

  constructor(socket: WebSocket, stream: Socket, topics: Map<string, Set<WsConnection>>, backpressureBytesMax: number) {
    this.remoteAddress = stream.remoteAddress ?? "";
    this.#socket = socket;
    this.#stream = stream;
    this.#topics = topics;
    this.#backpressureBytesMax = backpressureBytesMax;
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#backpressureBytesMax) {
      this.slow = true;
      this.#socket.terminate();
      return;
    }
    // Whatever this turn of the loop sends goes out in one write.
    if (!this.#corked) {
      this.#corked = true;
      this.#stream.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#stream.uncork();
      });
    }
    this.#socket.send(frame);
  }

  together(write: () => void): void {
    write();
  }

  subscribe(topic: string): void {
    const subscribers = this.#topics.get(topic);
    if (subscribers) subscribers.add(this);
    else this.#topics.set(topic, new Set([this]));
    this.#subscribed.add(topic);
  }

  unsubscribe(topic: string): void {
    this.#subscribed.delete(topic);
    const subscribers = this.#topics.get(topic);
    subscribers?.delete(this);
    if (subscribers?.size === 0) this.#topics.delete(topic);
  }

  leaveAll(): void {
    for (const topic of [...this.#subscribed]) this.unsubscribe(topic);
  }

  end(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
