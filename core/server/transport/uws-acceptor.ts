import * as uws from "uWebSockets.js";
import type { Front, FrontPlace } from "./front.ts";
import { plainText } from "./transport.ts";
import { UwsDoor } from "./uws-door.ts";
import { headOf, UwsRequest } from "./uws-http.ts";
import { closeWholly, listen, undeclared } from "./uws-listen.ts";

export async function openAcceptor({ host, port: wanted, tls, lobby }: FrontPlace): Promise<Front> {
  const app = tls ? uws.SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certFile }) : uws.App();
  // What follows is only for sockets that come while no server is there to be handed them.
  const door = new UwsDoor(app, lobby);
  // The socket must not be kept: its later requests would come here too.
  app.any("/*", (response, request) => {
    door.asked(response);
    const headers = { ...plainText, "retry-after": "1", connection: "close" };
    new UwsRequest(response, headOf(request)).respond(503, headers, "no_server: none is there now\n");
  });
  const { port } = await listen(app, host, wanted);
  return {
    port,
    add: (descriptor) => undeclared(app).addChildAppDescriptor(descriptor),
    // What it says itself, when no server is there, it says under the certificate that it began with.
    reloadCertificates() {},
    remove: (descriptor) => undeclared(app).removeChildAppDescriptor(descriptor),
    async close() {
      await closeWholly([app], () => lobby.visitors);
      lobby.close();
    },
  };
}
