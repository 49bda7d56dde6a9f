import * as uws from "uWebSockets.js";
import type { Front, FrontPlace } from "./front.ts";
import { plainText } from "./transport.ts";
import { UwsDoor } from "./uws-door.ts";
import { headOf, UwsRequest } from "./uws-http.ts";
import { closeWholly, listen } from "./uws-listen.ts";

export async function openAcceptor({ host, port: wanted, tls, lobby, proxies }: FrontPlace): Promise<Front> {
  const app = tls ? uws.SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certFile }) : uws.App();
  // This app itself answers only sockets that come while there is no server to hand them to.
  const door = new UwsDoor(app, lobby);
  // The connection must end: its later requests would come to this app, too.
  app.any("/*", (response, request) => {
    door.asked(response);
    const headers = { ...plainText, "retry-after": "1", connection: "close" };
    new UwsRequest(response, headOf(request, proxies)).respond(503, headers, "no_server: none is there now\n");
  });
  const { port } = await listen(app, host, wanted);
  return {
    port,
    add: (descriptor) => app.addChildAppDescriptor(descriptor),
    // Its own answers, while there is no server, keep the certificate of its start.
    reloadCertificates() {},
    remove: (descriptor) => app.removeChildAppDescriptor(descriptor),
    async close() {
      await closeWholly([app], () => lobby.visitors);
      lobby.close();
    },
  };
}
