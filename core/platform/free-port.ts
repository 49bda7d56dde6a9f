import { once } from "node:events";
import { createServer } from "node:net";
import { z } from "zod";

/**
 * Highest port that a setting may name: each further server takes the next port, and the last has to be below 65,536. The ports
 * that some systems choose by themselves go beyond it.
 */
export const countedPortMax = 65_000;
const triesMax = 100;
/** A pipe would have a text for an address. */
const listening = z.object({ port: z.number() });

/**
 * A port of this address that nobody listens on, at most {@link countedPortMax}. Another program may listen on it by the time
 * that the caller does.
 */
export async function freePort(host = "127.0.0.1", choose = chosenBySystem): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = await choose(host);
    if (port <= countedPortMax) return port;
  }
  throw new Error(`this system chose no port up to ${countedPortMax} in ${triesMax} tries`);
}

async function chosenBySystem(host: string): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, "listening");
  const { port } = listening.parse(probe.address());
  probe.close();
  await once(probe, "close");
  return port;
}
