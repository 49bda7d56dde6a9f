import { availableTransport } from "../server/transport/open-transport.ts";
import { type TransportName, transportNames } from "../server/transport/transport.ts";

/** The transports that can be tested on this machine: `ws` alone where uWebSockets.js has no binary. */
export const transportsHere: readonly TransportName[] = availableTransport("uws") === "uws" ? transportNames : ["ws"];

/** Why a test of uWebSockets.js is skipped on this machine; false when it is not. */
export const withoutUws = transportsHere.includes("uws") ? false : "uWebSockets.js has no binary here";
