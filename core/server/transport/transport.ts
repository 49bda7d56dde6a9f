import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { Lobby } from "./lobby.ts";
import type { Proxies } from "./proxies.ts";

/**
 * Sockets and HTTP as a chat server needs them, over either library: `uws` is fast and native; `ws` runs wherever Node does.
 */
export interface Transport {
  readonly name: TransportName;
  /** Starts listening; answers the port, which the system chose if `port` was 0. */
  listen(host: string, port: number): Promise<number>;
  /**
   * Sends a frame to every connection that has subscribed. All frames of one turn of the event loop go out in one write a
   * socket.
   */
  publish(topic: string, frame: Uint8Array): void;
  /** The native acceptor hands sockets to this transport's thread by this. */
  readonly acceptorDescriptor?: unknown;
  /** Reads the certificate's files again, for new connections. Does nothing without TLS. */
  reloadCertificates(): Promise<void>;
  /** Takes no new connections; those that are open stay. */
  stopListening(): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

export const transportNames = ["uws", "ws"] as const;
export type TransportName = (typeof transportNames)[number];

export interface Connection {
  readonly remoteAddress: string;
  /** Sends a frame without waiting. A receiver that leaves more than the transport's bound unread is cut off. */
  send(frame: Uint8Array): void;
  /** Everything that `write` sends goes out in one write, with what was published before. */
  together(write: () => void): void;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Sends the pending frames, then a close frame. */
  end(code: number, reason: string): void;
}

export interface TransportEvents<Session> {
  opened(connection: Connection): Session;
  /** The transport has stored the session: from now on it may be ended. */
  admitted(session: Session): void;
  /** A frame arrived; its bytes are valid during the call only. */
  received(session: Session, frame: Uint8Array): void;
  closed(session: Session, why: ClosedBecause): void;
  requested(request: HttpRequest): void;
}

/** Why a connection has ended, as far as the transport knows. */
export type ClosedBecause = "closed" | "slow_consumer";

/** A request with a valid head, for any path but the socket's, which the transport answers itself. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The other end of the connection: a proxy's, where there is one. */
  readonly remoteAddress: string;
  /** The value of the header with this name, which is in lower case; the first value, where there are several. */
  header(name: string): string | undefined;
  /**
   * The body; undefined when it is longer than `bytesMax` or the client went away. To be called before anything is
   * awaited.
   */
  body(bytesMax: number): Promise<Uint8Array | undefined>;
  /** Answers the request; the answer to HEAD has no body, but its length. */
  respond(status: number, headers: HttpHeaders, body: string | Uint8Array): void;
  /**
   * Answers with `length` bytes in pieces. `next` is called for a piece once the one before has gone out, so that only one is
   * ever in memory. Resolves when all have gone out, or when the client went away. For HEAD `next` is not called.
   *
   * When `next` fails, this fails, too: an answer that has begun is broken off; otherwise the caller may still answer.
   */
  stream(status: number, headers: HttpHeaders, length: number, next: NextPiece): Promise<void>;
}

/** With `close` in `connection`, the connection ends after the answer. */
export type HttpHeaders = Readonly<Record<string, string>>;
/** The headers of an answer that is text. */
export const plainText: HttpHeaders = { "content-type": "text/plain; charset=utf-8" };
/** Reads the next piece of a body. The pieces add up to the announced length. */
export type NextPiece = () => Promise<Uint8Array>;

/** A whole answer to an HTTP request. */
export interface Answer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
}

export interface TransportOptions {
  /** A longer message is not read: its connection is cut off. */
  readonly messageBytesMax: number;
  /** A connection for which more unsent bytes pile up is cut off. */
  readonly backpressureBytesMax: number;
  /** A connection over which nothing comes for this long, not even the answer to a ping, is closed. */
  readonly idleSecondsMax: number;
  /** Measures that silence, unless the library measures it itself, and the pauses between pings. */
  readonly clock: Clock;
  /** Draws the pauses between pings. */
  readonly random: Random;
  /** With it HTTP and WebSockets are encrypted; without it nothing is. */
  readonly tls?: TlsFiles | undefined;
  readonly proxies: Proxies;
  /** Holds the connections that are no WebSockets yet. The transport closes it at its own end. */
  readonly lobby: Lobby;
}

/** A certificate with its chain, and its private key, in PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The path at which clients open WebSockets. */
export const socketPath = "/v1";
