import { createServer } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { binaryFrame } from "../../core/server/transport/binary-frame.ts";
import { availableTransport } from "../../core/server/transport/open-transport.ts";
import { socketPath } from "../../core/server/transport/transport.ts";
import { type FrameRun, type TurnSocket, TurnWrites } from "../../core/server/transport/turn-writes.ts";
import { listen } from "../../core/server/transport/uws-listen.ts";
import type { BareKind } from "./arm.ts";

/**
 * A server that does fan-out alone: no login, no storage, no order across senders. A frame of four bytes subscribes to the group
 * that it names; any other frame is published unchanged to the group that its first four bytes name.
 */
export interface BareServer {
  readonly port: number;
  close(): void;
}

const subscribeBytes = 4;
const groupOf = (frame: Uint8Array) => Buffer.from(frame.buffer, frame.byteOffset, 4).readUInt32BE();

export function openBareServer(kind: BareKind): Promise<BareServer> {
  return kind === "uws" ? openUws() : openWs(kind === "ws" ? sendEach : framedOnce(new TurnWrites()));
}

/** Writes a message to all members of its group. */
type Spread = (members: ReadonlySet<Member>, message: Buffer) => void;

/** One `send` for each member, as programs usually use the library. */
const sendEach: Spread = (members, message) => {
  for (const { socket } of members) socket.send(message);
};

/** One frame for all members, and one write a turn for each socket, as FastChat's transport does. */
function framedOnce(writes: TurnWrites): Spread {
  return (members, message) => {
    const frame = binaryFrame(message);
    for (const member of members) writes.add(member, frame);
  };
}

class Member implements TurnSocket {
  readonly socket: WebSocket;
  queued: FrameRun | undefined;
  readonly #stream: Socket;

  constructor(socket: WebSocket, stream: Socket) {
    this.socket = socket;
    this.#stream = stream;
  }

  write(bytes: Buffer): void {
    this.#stream.write(bytes);
  }
}

async function openUws(): Promise<BareServer> {
  availableTransport("uws"); // Throws where the binary was changed, before it is loaded.
  const uws = await import("uWebSockets.js");
  const app = uws.App();
  app.ws(socketPath, {
    maxBackpressure: 1024 * 1024,
    idleTimeout: 120,
    message(socket, message) {
      const topic = String(groupOf(new Uint8Array(message)));
      if (message.byteLength === subscribeBytes) socket.subscribe(topic);
      else app.publish(topic, message, true);
    },
  });
  const { port } = await listen(app, "127.0.0.1", 0);
  return { port, close: () => void app.close() };
}

async function openWs(spread: Spread): Promise<BareServer> {
  const groups = new Map<number, Set<Member>>();
  const http = createServer();
  const server = new WebSocketServer({ server: http, path: socketPath, perMessageDeflate: false });
  server.on("connection", (socket, request) => {
    const member = new Member(socket, request.socket);
    socket.on("message", (frame: Buffer) => {
      const group = groupOf(frame);
      let members = groups.get(group);
      if (!members) {
        members = new Set();
        groups.set(group, members);
      }
      if (frame.length === subscribeBytes) members.add(member);
      else spread(members, frame);
    });
    socket.on("close", () => {
      for (const members of groups.values()) members.delete(member);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("a bare server listens on no port");
  return {
    port: address.port,
    close() {
      for (const socket of server.clients) socket.terminate();
      http.close();
    },
  };
}
