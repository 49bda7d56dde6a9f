import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { listening } from "./listening.ts";

const teapot = "HTTP/1.1 418 I'm a teapot\r\ncontent-length: 0\r\n\r\n";

/** A server that takes every connection and answers what it is told to; over HTTP it says that it is a teapot. */
export async function deafServer(answerTo: (bytes: Uint8Array) => Uint8Array | undefined): Promise<string> {
  const http = createServer((_, response) => response.writeHead(418).end());
  http.on("clientError", (_, socket) => void socket.write(teapot));
  const sockets = new WebSocketServer({ server: http, autoPong: false });
  sockets.on("wsClientError", (_, socket) => void socket.write(teapot));
  sockets.on("connection", (socket) => {
    socket.on("message", (data) => {
      const answer = Buffer.isBuffer(data) ? answerTo(data) : undefined;
      if (answer) socket.send(answer);
    });
    socket.on("error", () => {});
  });
  return listening(http, sockets);
}
