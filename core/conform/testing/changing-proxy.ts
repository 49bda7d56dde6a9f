import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { encodeServerFrame, parseServerFrame, type ServerFrame } from "../../wire/server-frame.ts";
import { exchange, type HttpAnswer } from "../http-exchange.ts";
import { listening } from "./listening.ts";

export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** What a server does wrong, by what is changed of one that does everything right. */
export interface Fault {
  /** What the server is given instead of a client's frame; nothing, where this answers undefined. */
  readonly fromClient?: (bytes: Buffer) => Uint8Array | undefined;
  /** What the client is given instead of a server's frame; `connection` counts connections from 0. */
  readonly fromServer?: (frame: ServerFrame, connection: number) => ServerFrame | Uint8Array | string | undefined;
  /** How the connection ends instead; it stays open, where this answers undefined. */
  readonly ends?: (ending: Ending) => Ending | undefined;
  readonly answers?: (path: string, answer: HttpAnswer) => HttpAnswer;
}

/** A proxy before a server that makes it break the protocol; the answer is the URL of its socket. */
export async function changingProxy(serverUrl: string, fault: Fault): Promise<string> {
  const http = createServer((request, response) => {
    // A client that goes away in the middle of a request has no answer to come.
    forward(serverUrl, fault, request, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  let connections = 0;
  http.on("upgrade", (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (client) => join(client, serverUrl, fault, connections++));
  });
  return listening(http, sockets);
}

function join(client: WebSocket, serverUrl: string, fault: Fault, connection: number): void {
  const server = new WebSocket(serverUrl, { perMessageDeflate: false });
  const waiting: (() => void)[] = [];
  server.on("open", () => {
    for (const send of waiting) send();
  });
  client.on("message", (data: RawData, isBinary) => {
    const bytes = bytesOf(data);
    const changed = isBinary && fault.fromClient ? fault.fromClient(bytes) : bytes;
    if (changed === undefined) return;
    const send = () => server.send(changed, { binary: isBinary });
    if (server.readyState === WebSocket.OPEN) send();
    else waiting.push(send);
  });
  server.on("message", (data: RawData) => {
    const bytes = bytesOf(data);
    const frame = parseServerFrame(bytes);
    const changed = frame.ok && fault.fromServer ? fault.fromServer(frame.value, connection) : bytes;
    if (changed === undefined) return;
    client.send(typeof changed === "string" || changed instanceof Uint8Array ? changed : encodeServerFrame(changed));
  });
  server.on("close", (code, reason) => {
    const came = { code, reason: reason.toString() };
    const ending = fault.ends ? fault.ends(came) : came;
    if (!ending) return;
    if (ending.code === 1006) client.terminate();
    else client.close(ending.code, ending.reason);
  });
  client.on("close", () => server.terminate());
  for (const socket of [client, server]) socket.on("error", () => {});
}

async function forward(serverUrl: string, { answers }: Fault, request: IncomingMessage, response: ServerResponse) {
  const pieces: Buffer[] = [];
  const body: AsyncIterable<Buffer> = request;
  for await (const piece of body) pieces.push(piece);
  const { method = "GET", url = "/", headers } = request;
  const { authorization, range } = headers;
  const answer = await exchange(
    new URL(url, serverUrl.replace(/^ws/, "http")),
    {},
    {
      method,
      headers: { ...(authorization === undefined ? {} : { authorization }), ...(range === undefined ? {} : { range }) },
      ...(pieces.length > 0 ? { body: Buffer.concat(pieces) } : {}),
    },
  );
  const changed = answers ? answers(url, answer) : answer;
  response.writeHead(changed.status, changed.headers).end(changed.body);
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
