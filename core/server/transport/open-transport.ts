import type { Transport, TransportEvents, TransportName, TransportOptions } from "./transport.ts";
import { wsTransport } from "./ws.ts";

/**
 * Loaded once, at import: a native module cannot be loaded on demand without making every start asynchronous. Undefined
 * where it has no binary for this Node version and platform.
 */
const uws = await import("./uws.ts").catch(() => undefined);

/** The transport to use: the one asked for, or `ws` where the native one does not load. */
export function availableTransport(wanted: TransportName): TransportName {
  return wanted === "uws" && !uws ? "ws" : wanted;
}

export function openTransport<Session>(
  name: TransportName,
  events: TransportEvents<Session>,
  options: TransportOptions,
): Transport {
  if (name === "ws") return wsTransport(events, options);
  if (!uws) throw new Error("uWebSockets.js has no binary for this Node version and platform; use the transport ws");
  return uws.uwsTransport(events, options);
}
