import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import { httpRequest } from "./node-http.ts";
import { portInUse } from "./port-in-use.ts";
import { readTls } from "./read-tls.ts";
import type { HttpRequest, TlsFiles } from "./transport.ts";

/** What stands on the port that everybody knows, in front of the servers. */
export interface Front {
  readonly port: number;
  /** A server is ready to be handed sockets. */
  add(descriptor: unknown): void;
  /** Must come before the server's thread ends: the descriptor is a pointer into it. */
  remove(descriptor: unknown): void;
  /** Takes its own certificate from its files again. */
  reloadCertificates(): void;
  close(): void;
}

/** Hands every socket that it accepts to the next server's thread, before a byte is read from it. */
export async function nativeAcceptor(host: string, port: number, tls: TlsFiles | undefined): Promise<Front> {
  const { openAcceptor } = await import("./uws-acceptor.ts");
  return openAcceptor(host, port, tls);
}

/**
 * Where sockets cannot pass between threads, the port that everybody knows answers only where to go.
 */
export function signpost(
  host: string,
  port: number,
  tls: TlsFiles | undefined,
  route: (request: HttpRequest) => boolean,
): Promise<Front> {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const asked = httpRequest(request, response);
    if (route(asked)) return;
    if (asked.path === "/healthz") return asked.respond(200, { "content-type": "text/plain" }, "ok\n");
    asked.respond(404, { "content-type": "text/plain" }, "not_found: ask /assign where to connect\n");
  };
  const http = tls ? createTlsServer(readTls(tls), answer) : createServer(answer);
  return new Promise((resolve, reject) => {
    http.once("error", (cause) => reject(portInUse(host, port, cause)));
    http.listen({ host, port }, () =>
      resolve({
        port: (http.address() as { port: number }).port,
        add() {},
        remove() {},
        reloadCertificates() {
          if (tls && http instanceof TlsServer) http.setSecureContext(readTls(tls));
        },
        close() {
          http.close();
          http.closeAllConnections();
        },
      }),
    );
  });
}
