import { openLeanSocket } from "../client/lean-socket.ts";
import type { OpenSocket } from "../client/socket.ts";

/** Sockets that keep from the client what the test wants kept: `loses` is asked for each frame that arrives. */
export function losing(loses: (frame: Uint8Array) => boolean): OpenSocket {
  return (url, events, options) =>
    openLeanSocket(
      url,
      { ...events, received: (frame) => (loses(frame) ? undefined : events.received(frame)) },
      options,
    );
}
