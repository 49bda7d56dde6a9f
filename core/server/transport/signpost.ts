import type { Front, FrontPlace } from "./front.ts";
import { answeredForServer, hasMethod } from "./methods.ts";
import { NodeServer } from "./node-server.ts";
import { type HttpRequest, plainText } from "./transport.ts";

/** The front for the transport `ws`, where sockets cannot be handed to threads: it answers only where to connect. */
export async function signpost(
  { host, port, tls, lobby, proxies }: FrontPlace,
  route: (request: HttpRequest) => boolean,
): Promise<Front> {
  const server = new NodeServer({
    tls,
    lobby,
    proxies,
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
