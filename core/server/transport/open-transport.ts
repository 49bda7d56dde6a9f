import { type NativeVerdict, nativeBinaryChanged, nativeRecordUnreadable, nativeVerdict } from "./native-binary.ts";
import type { Transport, TransportEvents, TransportName, TransportOptions } from "./transport.ts";
import { wsTransport } from "./ws.ts";

const verdict = nativeVerdict();

/**
 * Loaded once, at import: a native module cannot be loaded on demand without making every start asynchronous. Undefined
 * where it has no binary for this Node version and platform, or none that is known to be the recorded one.
 */
const uws = verdict.kind === "recorded" ? await import("./uws.ts").catch(() => undefined) : undefined;

/**
 * The transport to use: the one asked for, or `ws` where the native one does not load. Throws the `Failure`
 * `native_binary_changed` where the native one was asked for and was changed, or `native_record_unreadable` where that cannot
 * be told: neither is a reason to go on quietly.
 */
export function availableTransport(wanted: TransportName, found: NativeVerdict = verdict): TransportName {
  if (wanted === "ws") return "ws";
  if (found.kind === "changed") throw nativeBinaryChanged(found);
  if (found.kind === "unknown") throw nativeRecordUnreadable(found);
  return uws ? "uws" : "ws";
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
