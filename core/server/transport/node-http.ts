import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRequest } from "./transport.ts";

/** A request to Node's own HTTP server, as routes see it. */
export function httpRequest(request: IncomingMessage, response: ServerResponse): HttpRequest {
  const url = new URL(request.url ?? "/", "http://server");
  return {
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    respond: (status, headers, body) => void response.writeHead(status, headers).end(body),
  };
}
