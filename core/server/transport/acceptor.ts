import type { Lobby } from "./lobby.ts";
import { answeredForServer, hasMethod } from "./methods.ts";
import { NodeServer } from "./node-server.ts";
import { type HttpRequest, plainText, type TlsFiles } from "./transport.ts";

/** What stands on the port that everybody knows, in front of the servers. */
export interface Front {
  readonly port: number;
  /** A server is ready to be handed sockets. */
  add(descriptor: unknown): void;
  /** Must come before the server's thread ends: the descriptor is a pointer into it. */
  remove(descriptor: unknown): void;
  /** Takes its own certificate from its files again. */
  reloadCertificates(): void;
  close(): Promise<void>;
}

/** Where a front listens, how it is encrypted, and who waits at it. */
export interface FrontPlace {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  readonly lobby: Lobby;
}

/** Hands every socket that it accepts to the next server's thread, before a byte is read from it. */
export async function nativeAcceptor(place: FrontPlace): Promise<Front> {
  const { openAcceptor } = await import("./uws-acceptor.ts");
  return openAcceptor(place);
}

/**
 * Where sockets cannot pass between threads, the port that everybody knows answers only where to go.
 */
export async function signpost(
  { host, port, tls, lobby }: FrontPlace,
  route: (request: HttpRequest) => boolean,
): Promise<Front> {
  const server = new NodeServer({
    tls,
    lobby,
    requested(request) {
      if (answeredForServer(request) || route(request)) return;
      if (request.path !== "/healthz") {
        return request.respond(404, plainText, "not_found: ask /assign where to connect\n");
      }
      if (hasMethod(request, ["GET"])) request.respond(200, plainText, "ok\n");
    },
  });
  return {
    port: await server.listen(host, port),
    add() {},
    remove() {},
    reloadCertificates: () => server.reloadCertificates(),
    async close() {
      server.close();
      lobby.close();
    },
  };
}
