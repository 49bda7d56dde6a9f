import type { OpenSocket } from "../../client/socket/socket.ts";
import type { ClientSession } from "../../server/client-session.ts";
import type { HeldServer } from "./held-server.ts";
import type { HeldSteps } from "./held-steps.ts";

let sockets = 0;

/**
 * Sockets from clients to {@link HeldServer}s: each frame waits for its turn before it arrives at the other end, in order.
 * `serverAt` answers the server behind a URL.
 */
export function heldSockets(steps: HeldSteps, serverAt: (url: string) => HeldServer): OpenSocket {
  return (url, events) => {
    const socket = sockets++;
    const [there, back] = [`socket ${socket} there`, `socket ${socket} back`];
    let session: ClientSession | undefined;
    let isClosed = false;
    let bytesRead = 0;
    const close = (code: number, reason: string) => {
      if (isClosed) return;
      isClosed = true;
      events.closed(code, reason);
    };
    const received = (frame: Uint8Array) => {
      bytesRead += frame.length;
      if (!isClosed) events.received(frame);
    };
    const server = serverAt(url);
    steps.hold(() => {
      session = server.open({
        came: (frame) => steps.hold(() => received(frame), back),
        ended: (code, reason) => steps.hold(() => close(code, reason), back),
      });
      steps.hold(() => (isClosed ? undefined : events.opened()), back);
    }, there);
    return {
      send: (frame) => {
        const copy = Uint8Array.from(frame);
        // A frame that was sent before a connection broke may arrive all the same.
        steps.hold(() => session?.received(copy), there);
      },
      close: () => {
        steps.hold(() => (session ? server.drop(session) : undefined), there);
        close(1000, "closed here");
      },
      get bytesRead() {
        return bytesRead;
      },
    };
  };
}
