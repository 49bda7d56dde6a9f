import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpHeaders, HttpRequest, NextPiece } from "./transport.ts";

/** A request to Node's own HTTP server, as routes see it. */
export function httpRequest(request: IncomingMessage, response: ServerResponse): HttpRequest {
  // By hand: what is no URL (`//`) must not throw, and a native request has its path as it came, too.
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  return {
    method: request.method ?? "GET",
    path,
    query: new URLSearchParams(query),
    header: (name) => request.headers[name],
    body: (bytesMax) => readBody(request, bytesMax),
    respond(status, headers, body) {
      if (!response.headersSent) response.writeHead(status, headers).end(body);
    },
    stream: (status, headers, length, next) => stream(response, status, headers, length, next),
  };
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length;
      // What is too long is read to its end, or the answer could not be sent, but not kept.
      if (bytes > bytesMax) pieces.length = 0;
      else pieces.push(piece);
    }
  } catch {
    return undefined; // The client went away.
  }
  return bytes > bytesMax ? undefined : Buffer.concat(pieces);
}

async function stream(response: ServerResponse, status: number, headers: HttpHeaders, length: number, next: NextPiece) {
  for (let sent = 0; sent < length; ) {
    const piece = await pieceOrBreak(response, next);
    sent += piece.length;
    if (response.destroyed) return;
    if (!response.headersSent) response.writeHead(status, { ...headers, "content-length": String(length) });
    if (!response.write(piece)) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  response.end();
}

async function pieceOrBreak(response: ServerResponse, next: NextPiece): Promise<Uint8Array> {
  try {
    return await next();
  } catch (cause) {
    if (response.headersSent) response.destroy();
    throw cause;
  }
}
