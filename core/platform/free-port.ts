import { once } from "node:events";
import { createServer } from "node:net";

/** A port of this address that nobody listens on; somebody may by the time that it is used. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
