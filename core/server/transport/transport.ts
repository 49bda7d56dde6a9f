import type { Lobby } from "./lobby.ts";

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
  /** Takes the certificate from its files again: for connections from now on. Without TLS nothing happens. */
  reloadCertificates(): Promise<void>;
  /** No new connections; those there are stay. */
  stopListening(): void;
  /** Ends every connection. */
  close(): Promise<void>;
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
  /** The session is in its place: from now on it may be ended. */
  admitted(session: Session): void;
  /** `frame` is valid during the call only. */
  received(session: Session, frame: Uint8Array): void;
  closed(session: Session, why: ClosedBecause): void;
  requested(request: HttpRequest): void;
}

/** Why a connection has ended, as far as it is known here. */
export type ClosedBecause = "closed" | "slow_consumer";

/** A request whose head HTTP lets stand; the socket's path is the transport's own affair. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** By its name in lower case; the first, where there are several. */
  header(name: string): string | undefined;
  /**
   * The body; undefined when it is longer than `bytesMax` or the client went away. To be asked for before anything is
   * awaited.
   */
  body(bytesMax: number): Promise<Uint8Array | undefined>;
  /** Answers; to HEAD without the body, but with its length. */
  respond(status: number, headers: HttpHeaders, body: string | Uint8Array): void;
  /**
   * Answers with `length` bytes in pieces: the next is asked for when the last has gone out, so that one piece is all that
   * is ever in memory. Resolves when all have gone out, or when the client went away. To HEAD no piece is asked for.
   *
   * When a piece cannot be had it fails, too: what has begun is broken off, what has not may still be answered.
   */
  stream(status: number, headers: HttpHeaders, length: number, next: NextPiece): Promise<void>;
}

/** With `close` in `connection`, the connection ends behind the answer. */
export type HttpHeaders = Readonly<Record<string, string>>;
/** Of an answer that is text. */
export const plainText: HttpHeaders = { "content-type": "text/plain; charset=utf-8" };
/** The pieces add up to the length that was announced. */
export type NextPiece = () => Promise<Uint8Array>;

/** An answer that is known whole. */
export interface Answer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
}

export interface TransportOptions {
  /** A longer message is not read: its connection is cut off. */
  readonly messageBytesMax: number;
  /** What may pile up for one connection before it is cut off. */
  readonly backpressureBytesMax: number;
  /** A connection that answers no ping for this long is gone. */
  readonly idleSecondsMax: number;
  /** Everything is encrypted, HTTP and WebSocket alike; in clear without. */
  readonly tls?: TlsFiles | undefined;
  /** Where connections are that are no WebSockets yet; closed with the transport. */
  readonly lobby: Lobby;
}

/** A certificate with its chain, and its private key, in PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Where clients connect. */
export const socketPath = "/v1";
