import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { availableTransport } from "../core/server/transport/open-transport.ts";
import { socketPath } from "../core/server/transport/transport.ts";
import { listen } from "../core/server/transport/uws-listen.ts";

/**
 * Fan-out and nothing else: no login, no storage, no order across senders. A frame of four bytes subscribes to that group;
 * any other is published, as it is, to the group that its first four bytes name.
 */
export interface BareServer {
  readonly port: number;
  close(): void;
}

const subscribeBytes = 4;
const groupOf = (frame: Uint8Array) => Buffer.from(frame.buffer, frame.byteOffset, 4).readUInt32BE();

export function openBareServer(library: "uws" | "ws"): Promise<BareServer> {
  return library === "uws" ? openUws() : openWs();
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

async function openWs(): Promise<BareServer> {
  const groups = new Map<number, Set<WebSocket>>();
  const http = createServer();
  const server = new WebSocketServer({ server: http, path: socketPath, perMessageDeflate: false });
  server.on("connection", (socket) => {
    socket.on("message", (frame: Buffer) => {
      const group = groupOf(frame);
      let members = groups.get(group);
      if (!members) {
        members = new Set();
        groups.set(group, members);
      }
      if (frame.length === subscribeBytes) members.add(socket);
      else for (const member of members) member.send(frame);
    });
    socket.on("close", () => {
      for (const members of groups.values()) members.delete(socket);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    port: (http.address() as { port: number }).port,
    close() {
      for (const socket of server.clients) socket.terminate();
      http.close();
    },
  };
}
