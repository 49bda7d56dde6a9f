import * as uws from "uWebSockets.js";
import type { Front } from "./acceptor.ts";
import type { TlsFiles } from "./transport.ts";
import { listen, undeclared } from "./uws-listen.ts";

export async function openAcceptor(host: string, wanted: number, tls: TlsFiles | undefined): Promise<Front> {
  const app = tls ? uws.SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certFile }) : uws.App();
  // Only while no server is there to be handed the socket. It must not be kept: its later requests would come here too.
  app.any("/*", (response) => {
    response.cork(() => {
      response
        .writeStatus("503 Service Unavailable")
        .writeHeader("retry-after", "1")
        .end("no_server: none is there now\n", true);
    });
  });
  const { port } = await listen(app, host, wanted);
  return {
    port,
    add: (descriptor) => undeclared(app).addChildAppDescriptor(descriptor),
    // What it says itself, when no server is there, it says under the certificate that it began with.
    reloadCertificates() {},
    remove: (descriptor) => undeclared(app).removeChildAppDescriptor(descriptor),
    close: () => void app.close(),
  };
}
