import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type * as library from "ws";
import { binaryFrame } from "./binary-frame.ts";
import { isHandshake, noRoom, refuseHandshake } from "./handshake.ts";
import { NodeServer } from "./node-server.ts";
import { Pings } from "./pings.ts";
import { type RequestHead, valuesOf } from "./request-head.ts";
import {
  type Connection,
  socketPath,
  type Transport,
  type TransportEvents,
  type TransportOptions,
} from "./transport.ts";
import { type FrameRun, type TurnSocket, TurnWrites } from "./turn-writes.ts";

const require = createRequire(import.meta.url);
/** Loaded with the first transport: it takes a sixth of the time in which a server's thread starts. */
const ws = (): typeof library => require("ws");

/** A client that does not answer a close frame for this long is cut off. */
const closeMsMax = 5000;

/**
 * The transport in JavaScript, for Node versions without a binary of uWebSockets.js: the `ws` library shakes hands, reads, and
 * sends control frames. Messages are framed and written here; a published message is framed once for all receivers.
 */
export function wsTransport<Session>(events: TransportEvents<Session>, options: TransportOptions): Transport {
  const topics = new Map<string, Set<WsConnection>>();
  const writes = new TurnWrites();
  const settings = {
    noServer: true,
    maxPayload: options.messageBytesMax,
    perMessageDeflate: false,
    closeTimeout: closeMsMax,
  };
  const sockets = new (ws().WebSocketServer)(settings);
  const { clock, random, idleSecondsMax, proxies } = options;
  /** When something last came over each. */
  const heardAtMs = new Map<library.WebSocket, number>();
  const pings = new Pings<library.WebSocket>({
    clock,
    random,
    idleSecondsMax,
    ping(socket) {
      const silentMs = clock.monotonic() - (heardAtMs.get(socket) ?? 0);
      if (silentMs >= idleSecondsMax * 1000) socket.terminate();
      else socket.ping();
    },
  });

  const opened = (socket: library.WebSocket, stream: Socket, head: RequestHead) => {
    const hear = () => void heardAtMs.set(socket, clock.monotonic());
    hear();
    pings.add(socket);
    const from = proxies.clientOf(stream.remoteAddress ?? "", valuesOf(head, "x-forwarded-for"));
    const connection = new WsConnection(socket, stream, from, {
      topics,
      writes,
      bytesMax: options.backpressureBytesMax,
    });
    const session = events.opened(connection);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      hear();
      // A text message is none of ours; as empty bytes it is refused as malformed.
      events.received(session, isBinary ? data : new Uint8Array(0));
    });
    socket.on("pong", hear);
    socket.on("error", () => {}); // A `close` follows.
    socket.on("close", () => {
      heardAtMs.delete(socket);
      pings.delete(socket);
      connection.leaveAll();
      events.closed(session, connection.slow ? "slow_consumer" : "closed");
    });
    events.admitted(session);
  };

  const server = new NodeServer({
    tls: options.tls,
    lobby: options.lobby,
    proxies,
    requested(request, head) {
      if (request.path !== socketPath) events.requested(request);
      else if (isHandshake(head)) request.respond(noRoom.status, noRoom.headers, noRoom.body);
      else refuseHandshake(request, head);
    },
    upgrade(head, accept) {
      if (head.path !== socketPath || !isHandshake(head) || !options.lobby.mayUpgrade()) return false;
      const { request, socket: stream, behind } = accept();
      // The library takes only this word, while the header may be a list, which has been checked above.
      request.headers.upgrade = "websocket";
      // Offered subprotocols are ignored, but the library would refuse a header that is no list of them.
      delete request.headers["sec-websocket-protocol"];
      sockets.handleUpgrade(request, stream, behind, (socket) => opened(socket, stream, head));
      return true;
    },
  });

  return {
    name: "ws",
    listen: (host, port) => server.listen(host, port),
    publish(topic, payload) {
      const subscribers = topics.get(topic);
      if (!subscribers) return;
      const frame = binaryFrame(payload);
      for (const connection of subscribers) connection.queue(frame);
    },
    async reloadCertificates() {
      server.reloadCertificates();
    },
    stopListening: () => server.stopListening(),
    async close() {
      pings.stop();
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      options.lobby.close();
    },
  };
}

/** What the connections of one transport share. */
interface Shared {
  readonly topics: Map<string, Set<WsConnection>>;
  readonly writes: TurnWrites;
  /** A connection for which more unsent bytes pile up is cut off. */
  readonly bytesMax: number;
}

class WsConnection implements Connection, TurnSocket {
  readonly remoteAddress: string;
  slow = false;
  queued: FrameRun | undefined;
  readonly #socket: library.WebSocket;
  readonly #stream: Socket;
  readonly #shared: Shared;
  readonly #subscribed = new Set<string>();

  constructor(socket: library.WebSocket, stream: Socket, remoteAddress: string, shared: Shared) {
    this.remoteAddress = remoteAddress;
    this.#socket = socket;
    this.#stream = stream;
    this.#shared = shared;
  }

  send(payload: Uint8Array): void {
    this.queue(binaryFrame(payload));
  }

  /** Sends a frame that other connections may get, too. */
  queue(frame: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#stream.writableLength + (this.queued?.bytes ?? 0) > this.#shared.bytesMax) {
      this.slow = true;
      this.#socket.terminate();
      return;
    }
    this.#shared.writes.add(this, frame);
  }

  write(bytes: Buffer): void {
    // Nothing may follow a close frame, which the library writes by itself when it gets one.
    if (this.#socket.readyState === this.#socket.OPEN) this.#stream.write(bytes);
  }

  together(write: () => void): void {
    write();
  }

  subscribe(topic: string): void {
    const { topics } = this.#shared;
    const subscribers = topics.get(topic);
    if (subscribers) subscribers.add(this);
    else topics.set(topic, new Set([this]));
    this.#subscribed.add(topic);
  }

  unsubscribe(topic: string): void {
    const { topics } = this.#shared;
    this.#subscribed.delete(topic);
    const subscribers = topics.get(topic);
    subscribers?.delete(this);
    if (subscribers?.size === 0) topics.delete(topic);
  }

  leaveAll(): void {
    for (const topic of [...this.#subscribed]) this.unsubscribe(topic);
  }

  end(code: number, reason: string): void {
    this.#shared.writes.flush(this);
    this.#socket.close(code, reason);
  }
}
