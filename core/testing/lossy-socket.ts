import { openLeanSocket } from "../client/socket/lean-socket.ts";
import type { ClientSocket, OpenSocket } from "../client/socket/socket.ts";
import { type ClientFrame, parseClientFrame } from "../wire/client-frame.ts";
import { parseServerFrame, type ServerFrame } from "../wire/server-frame.ts";

/** Sockets that lose each arriving frame for which `loses` answers true. */
export function losing(loses: (frame: Uint8Array) => boolean): OpenSocket {
  return (url, events, options) =>
    openLeanSocket(
      url,
      { ...events, received: (frame) => (loses(frame) ? undefined : events.received(frame)) },
      options,
    );
}

/** When a connection breaks: at a frame of this kind from the client (`from`) or to it (`to`), which is lost or not. */
export interface Break {
  readonly from?: ClientFrame["kind"];
  readonly to?: ServerFrame["kind"];
  readonly isLost: boolean;
}

/** Sockets that break at the first frame that `breaks` names, once each time that it is set. */
export class BreakingSockets {
  breaks: Break | undefined;

  readonly open: OpenSocket = (url, events, options) => {
    const socket: ClientSocket = openLeanSocket(
      url,
      {
        ...events,
        received: (frame) => this.#pass("to", kindOf(parseServerFrame(frame)), socket, () => events.received(frame)),
      },
      options,
    );
    return {
      send: (frame) => this.#pass("from", kindOf(parseClientFrame(frame)), socket, () => socket.send(frame)),
      close: () => socket.close(),
      get bytesRead() {
        return socket.bytesRead;
      },
    };
  };

  #pass(way: "from" | "to", kind: string | undefined, socket: ClientSocket, pass: () => void): void {
    const { breaks } = this;
    if (!breaks || breaks[way] !== kind) return pass();
    this.breaks = undefined;
    if (!breaks.isLost) pass();
    socket.close();
  }
}

const kindOf = (parsed: { ok: true; value: { kind: string } } | { ok: false }) =>
  parsed.ok ? parsed.value.kind : undefined;
