import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Highest port that a program here may be told: servers count on from theirs, and each has to get one below 65,536. What
 * some systems choose by themselves goes beyond it.
 */
export const countedPortMax = 65_000;
const triesMax = 100;

/** A port of this address that nobody listens on, at most {@link countedPortMax}; somebody may by the time that it is used. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const probe = createServer().listen(0, host);
    await once(probe, "listening");
    const { port } = probe.address() as { port: number };
    probe.close();
    await once(probe, "close");
    if (port <= countedPortMax) return port;
  }
  throw new Error(`this system chose ${triesMax} ports above ${countedPortMax}`);
}
