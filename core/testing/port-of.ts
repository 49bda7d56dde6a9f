import assert from "node:assert/strict";
import type { Server } from "node:net";

/** The port that a server listens on. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : assert.fail("it listens on no port");
}
