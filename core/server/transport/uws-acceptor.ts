import * as uws from "uWebSockets.js";
import type { Front } from "./acceptor.ts";
import { listen, undeclared } from "./uws-listen.ts";

export async function openAcceptor(host: string, wanted: number): Promise<Front> {
  const app = uws.App();
  const { port } = await listen(app, host, wanted);
  return {
    port,
    add: (descriptor) => undeclared(app).addChildAppDescriptor(descriptor),
    remove: (descriptor) => undeclared(app).removeChildAppDescriptor(descriptor),
    close: () => void app.close(),
  };
}
