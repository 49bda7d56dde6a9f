/**
 * Sockets and HTTP as a chat server needs them, whichever library is underneath. `uws` is fast and native; `ws` runs
 * wherever Node does.
 */
export interface Transport {
  readonly name: TransportName;
  /** Starts listening; answers the port, which the system chose if `port` was 0. */
  listen(host: string, port: number): Promise<number>;
  /** To every connection that has subscribed: one write for all that one turn of the event loop publishes. */
  publish(topic: string, frame: Uint8Array): void;
  /** What a native acceptor needs to hand sockets to this transport's thread. */
  readonly acceptorDescriptor?: unknown;
  /** No new connections; those there are stay. */
  stopListening(): void;
  /** Ends every connection. */
  close(): void;
}

export const transportNames = ["uws", "ws"] as const;
export type TransportName = (typeof transportNames)[number];

export interface Connection {
  readonly remoteAddress: string;
  /** Never waits. A receiver that has let more than the transport's bound pile up is cut off. */
  send(frame: Uint8Array): void;
  /** What is sent in `write`, and what was published before, goes out in one write. */
  together(write: () => void): void;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Sends what is pending, then a close frame. */
  end(code: number, reason: string): void;
}

export interface TransportEvents<Session> {
  opened(connection: Connection): Session;
  /** `frame` is valid during the call only. */
  received(session: Session, frame: Uint8Array): void;
  closed(session: Session, why: ClosedBecause): void;
  requested(request: HttpRequest): void;
}

/** Why a connection has ended, as far as it is known here. */
export type ClosedBecause = "closed" | "slow_consumer";

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  respond(status: number, headers: Readonly<Record<string, string>>, body: string): void;
}

export interface TransportOptions {
  readonly frameBytesMax: number;
  /** What may pile up for one connection before it is cut off. */
  readonly backpressureBytesMax: number;
  /** A connection that answers no ping for this long is gone. */
  readonly idleSecondsMax: number;
}

/** Where clients connect. */
export const socketPath = "/v1";
