import type { TlsTrust } from "./tls-trust.ts";

/** A WebSocket as the client needs it. */
export interface ClientSocket {
  /** Queued if it cannot be written at once. */
  send(frame: Uint8Array): void;
  close(): void;
  /** Grows with whatever arrives, complete messages or not: a sign that the other end is alive. */
  readonly bytesRead: number;
}

export interface SocketEvents {
  opened(): void;
  /** A binary message; the bytes are valid during the call only. */
  received(frame: Uint8Array): void;
  /** Called once, however the socket ends; `code` is the close frame's (RFC 6455), 1006 when there was none. */
  closed(code: number, reason: string): void;
}

export interface SocketOptions {
  /** Address to connect from, to spread ten thousand sockets over loopback. */
  readonly localAddress?: string | undefined;
  /** For `wss:`. */
  readonly tls?: TlsTrust | undefined;
}

export type OpenSocket = (url: string, events: SocketEvents, options?: SocketOptions) => ClientSocket;
