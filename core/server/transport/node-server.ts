import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Lobby, Visitor } from "./lobby.ts";
import { httpRequest, requestHead } from "./node-http.ts";
import { portInUse } from "./port-in-use.ts";
import type { Proxies } from "./proxies.ts";
import { readTls } from "./read-tls.ts";
import { headFault, type RequestHead, valuesOf } from "./request-head.ts";
import { type HttpRequest, plainText, type TlsFiles } from "./transport.ts";

/** A client that has not sent the head of its request for this long is cut off. */
const headMsMax = 10_000;
/** A client that has not sent its whole request for this long is cut off; a chunk of a file takes its time on a slow line. */
const requestMsMax = 120_000;
const checkPeriodMs = 1000;

export interface NodeServerParts {
  readonly tls: TlsFiles | undefined;
  readonly lobby: Lobby;
  readonly proxies: Proxies;
  requested(request: HttpRequest, head: RequestHead): void;
  /**
   * Handles a request for another protocol. It answers false to leave the request to `requested`, which answers it over HTTP,
   * and then the connection ends. `accept` hands over the socket, and the bytes that came behind the head.
   */
  upgrade?(head: RequestHead, accept: () => Upgrading): boolean;
}

export interface Upgrading {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly behind: Buffer;
}

/** Node's own HTTP server, for the transport without a native library: as strict about heads, and bounded by a lobby. */
export class NodeServer {
  readonly #http: Server | TlsServer;
  readonly #parts: NodeServerParts;
  /** By the client's address and port: under TLS a request has another socket object than its connection. */
  readonly #visits = new Map<string, Visit>();

  constructor(parts: NodeServerParts) {
    this.#parts = parts;
    const { tls } = parts;
    const timeouts = {
      headersTimeout: headMsMax,
      requestTimeout: requestMsMax,
      connectionsCheckingInterval: checkPeriodMs,
    };
    this.#http = tls
      ? createTlsServer({ ...readTls(tls), ...timeouts, handshakeTimeout: headMsMax })
      : createServer(timeouts);
    this.#http.on("connection", (socket: Socket) => this.#connected(socket));
    this.#http.on("request", (request: IncomingMessage, response: ServerResponse) =>
      this.#requested(request, response),
    );
    // Node has detached the socket, so an answer to a request before this one can come no more.
    const unlessTooEarly = (request: IncomingMessage, handle: () => void) => {
      if (this.#visits.get(peerOf(request.socket))?.isAsking) request.socket.destroy();
      else handle();
    };
    this.#http.on("connect", (request: IncomingMessage) =>
      unlessTooEarly(request, () => this.#requested(request, responseTo(request))),
    );
    if (parts.upgrade) {
      this.#http.on("upgrade", (request: IncomingMessage, _: unknown, behind: Buffer) =>
        unlessTooEarly(request, () => this.#upgrade(request, behind)),
      );
    }
  }

  /** Answers the port, which the system chose if `port` was 0. */
  listen(host: string, port: number): Promise<number> {
    const http = this.#http;
    return new Promise((resolve, reject) => {
      http.once("error", (cause) => reject(portInUse(host, port, cause)));
      http.listen({ host, port }, () => {
        const address = http.address();
        resolve(typeof address === "object" && address ? address.port : port);
      });
    });
  }

  /** Reads the certificate's files again, for new connections. */
  reloadCertificates(): void {
    if (this.#parts.tls && this.#http instanceof TlsServer) this.#http.setSecureContext(readTls(this.#parts.tls));
  }

  /** Takes no new connections. */
  stopListening(): void {
    this.#http.close();
  }

  /** Ends every connection that has not been handed over. */
  close(): void {
    this.#http.close();
    this.#http.closeAllConnections();
    for (const visit of this.#visits.values()) visit.close();
  }

  #connected(socket: Socket): void {
    const peer = peerOf(socket);
    const visit = new Visit(socket, () => {
      if (this.#visits.get(peer) === visit) this.#visits.delete(peer);
      this.#parts.lobby.left(visit);
    });
    this.#visits.set(peer, visit);
    this.#parts.lobby.enter(visit);
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const { lobby, requested } = this.#parts;
    const visit = this.#visits.get(peerOf(request.socket));
    if (visit) {
      visit.asks(lobby);
      response.once("close", () => visit.answered(lobby));
    }
    if (lobby.short) response.shouldKeepAlive = false;
    const head = requestHead(request, this.#parts.proxies);
    const asked = httpRequest(head, request, response);
    const fault = headFault(head);
    if (fault) asked.respond(fault.status, fault.headers, fault.body);
    else requested(asked, head);
  }

  #upgrade(request: IncomingMessage, behind: Buffer): void {
    const { socket } = request;
    const head = requestHead(request, this.#parts.proxies);
    const response = responseTo(request);
    const accept = () => {
      response.detachSocket(socket);
      this.#visits.get(peerOf(socket))?.leave();
      return { request, socket, behind };
    };
    if (!headFault(head) && this.#parts.upgrade?.(head, accept)) return;
    // Node has detached the socket, and reads no body from it any more.
    if (
      valuesOf(head, "content-length").some((length) => length !== "0") ||
      valuesOf(head, "transfer-encoding").length > 0
    ) {
      const headers = { ...plainText, connection: "close" };
      const text = "bad_request: a request with a body cannot ask for another protocol here\n";
      return httpRequest(head, request, response).respond(400, headers, text);
    }
    this.#requested(request, response);
  }
}

/** A connection in the lobby, until it ends or is handed over. */
class Visit implements Visitor {
  readonly #socket: Socket;
  readonly #left: () => void;
  #here = true;
  #unanswered = 0;

  constructor(socket: Socket, left: () => void) {
    this.#socket = socket;
    this.#left = left;
    socket.once("close", this.leave);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Whether there are requests without an answer. */
  get isAsking(): boolean {
    return this.#unanswered > 0;
  }

  asks(lobby: Lobby): void {
    this.#unanswered++;
    lobby.asks(this);
  }

  answered(lobby: Lobby): void {
    this.#unanswered--;
    if (this.#here) lobby.answered(this);
  }

  readonly leave = () => {
    if (!this.#here) return;
    this.#here = false;
    this.#socket.off("close", this.leave);
    this.#left();
  };
}

const peerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

/** A response to a request whose socket Node's server has detached; the connection ends with it. */
function responseTo(request: IncomingMessage): ServerResponse {
  const { socket } = request;
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on("error", () => {}); // A `close` follows.
  response.once("finish", () => socket.destroySoon());
  return response;
}
