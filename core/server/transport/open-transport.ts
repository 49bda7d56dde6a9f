import { type NativeVerdict, nativeBinaryChanged, nativeRecordUnreadable, nativeVerdict } from "./native-binary.ts";
import type { Transport, TransportEvents, TransportName, TransportOptions } from "./transport.ts";
import { wsTransport } from "./ws.ts";

const verdict = nativeVerdict();

/**
 * The native transport, loaded once at import: loading it on demand would make every start asynchronous. Undefined where there
 * is no binary for this Node version and platform, or the binary is not known to be the recorded one.
 */
const uws = verdict.kind === "recorded" ? await import("./uws.ts").catch(() => undefined) : undefined;

/**
 * The transport to use: the wanted one, or `ws` where the native one does not load. Throws a `Failure` where the native one is
 * wanted and its binary has been changed (`native_binary_changed`), or the record to compare it with cannot be read
 * (`native_record_unreadable`): in these cases the server must not go on with `ws` silently.
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
