import { type EventEmitter, once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Proxies } from "./proxies.ts";
import { type RequestHead, valuesOf } from "./request-head.ts";
import type { HttpHeaders, HttpRequest, NextPiece } from "./transport.ts";

/** What is used of Node's `IncomingMessage`. */
export interface NodeRequest
  extends Pick<IncomingMessage, "method" | "url" | "httpVersion" | "rawHeaders">,
    AsyncIterable<Uint8Array> {
  readonly socket: Pick<IncomingMessage["socket"], "remoteAddress">;
}

/** What is used of Node's `ServerResponse`; it emits `drain` and `close`. */
export interface NodeResponse extends EventEmitter, Pick<ServerResponse, "headersSent" | "destroyed"> {
  writeHead(status: number, headers: HttpHeaders): { end(body?: Uint8Array): unknown };
  write(piece: Uint8Array): boolean;
  end(): unknown;
  destroy(): unknown;
}

/** The head of a request to Node's own HTTP server. */
export function requestHead(request: NodeRequest, proxies: Proxies): RequestHead {
  const { method = "", url = "/", httpVersion: version, rawHeaders } = request;
  const headers: [name: string, value: string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.push([(rawHeaders[i] ?? "").toLowerCase(), rawHeaders[i + 1] ?? ""]);
  }
  // A target may be a whole URL, whose host then replaces the header's (RFC 9112 section 3.2.2).
  const [, host, inside] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  const path = proxies.inside(pathOf(inside === undefined ? url : inside.startsWith("/") ? inside : `/${inside}`));
  if (host === undefined) return { method, path, version, headers };
  return { method, path, version, headers: headers.map(([name, value]) => [name, name === "host" ? host : value]) };
}

// Not by `URL`: a target that is no URL (`//`) must not throw, and a native request has its path as it came, too.
const pathOf = (target: string) => target.split("?", 1)[0] ?? "";

/** A request to Node's own HTTP server, in the form that routes take. */
export function httpRequest(head: RequestHead, request: NodeRequest, response: NodeResponse): HttpRequest {
  const { method, path } = head;
  const { url = "" } = request;
  const query = url.includes("?") ? url.slice(url.indexOf("?") + 1) : "";
  return {
    method,
    path,
    query: new URLSearchParams(query),
    remoteAddress: request.socket.remoteAddress ?? "",
    header: (name) => valuesOf(head, name)[0],
    body: (bytesMax) => readBody(request, bytesMax),
    respond(status, answerHeaders, body) {
      if (response.headersSent) return;
      const bytes = Buffer.from(body);
      // An answer 204 has no length (RFC 9110 section 8.6).
      const length = status === 204 ? {} : { "content-length": String(bytes.length) };
      // Node leaves the body of an answer to HEAD out by itself.
      response.writeHead(status, { ...answerHeaders, ...length }).end(bytes);
    },
    async stream(status, answerHeaders, length, next) {
      if (method === "HEAD") response.writeHead(status, withLength(answerHeaders, length)).end();
      else await stream(response, status, withLength(answerHeaders, length), length, next);
    },
  };
}

const withLength = (headers: HttpHeaders, length: number) => ({ ...headers, "content-length": String(length) });

async function readBody(request: NodeRequest, bytesMax: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of request) {
      bytes += piece.length;
      // A body that is too long is read to its end, or the answer could not be sent, but it is not kept.
      if (bytes > bytesMax) pieces.length = 0;
      else pieces.push(piece);
    }
  } catch {
    return undefined; // The client went away.
  }
  return bytes > bytesMax ? undefined : Buffer.concat(pieces);
}

async function stream(response: NodeResponse, status: number, headers: HttpHeaders, length: number, next: NextPiece) {
  for (let sent = 0; sent < length; ) {
    const piece = await pieceOrBreak(response, next);
    sent += piece.length;
    if (response.destroyed) return;
    if (!response.headersSent) response.writeHead(status, headers);
    if (!response.write(piece)) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  response.end();
}

/** The next piece; an answer that has begun is broken off when it cannot be read. */
async function pieceOrBreak(response: NodeResponse, next: NextPiece): Promise<Uint8Array> {
  try {
    return await next();
  } catch (cause) {
    if (response.headersSent) response.destroy();
    throw cause;
  }
}
