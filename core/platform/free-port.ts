import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Highest port that a setting may name: each further server takes the next port, and the last has to be below 65,536. The ports
 * that some systems choose by themselves go beyond it.
 */
export const countedPortMax = 65_000;
const triesMax = 100;

/**
 * A port of this address that nobody listens on, at most {@link countedPortMax}. Another program may listen on it by the time
 * that the caller does.
 */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const probe = createServer().listen(0, host);
    await once(probe, "listening");
    const address = probe.address();
    probe.close();
    await once(probe, "close");
    if (typeof address === "object" && address && address.port <= countedPortMax) return address.port;
  }
  throw new Error(`this system chose no port up to ${countedPortMax} in ${triesMax} tries`);
}
