import type { Server } from "node:http";
import { after } from "node:test";
import type { WebSocketServer } from "ws";
import { portOf } from "../../testing/port-of.ts";

const endings: (() => void)[] = [];
after(() => {
  for (const end of endings) end();
});

/** Listens on loopback until the test file ends; the answer is the URL of the server's socket. */
export async function listening(http: Server, sockets: WebSocketServer): Promise<string> {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  endings.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    http.close();
    http.closeAllConnections();
  });
  return `ws://127.0.0.1:${portOf(http)}/v1`;
}
