import * as uws from "uWebSockets.js";
import {
  type Connection,
  type HttpHeaders,
  type HttpRequest,
  type NextPiece,
  type RequestHeader,
  requestHeaders,
  socketPath,
  type Transport,
  type TransportEvents,
  type TransportOptions,
} from "./transport.ts";
import { listen, undeclared } from "./uws-listen.ts";

interface SocketState<Session> {
  session: Session;
  connection: UwsConnection<Session>;
  slow: boolean;
}

/** The native transport: uWebSockets.js, whose topics merge what one turn of the loop publishes into one write a socket. */
export function uwsTransport<Session>(events: TransportEvents<Session>, options: TransportOptions): Transport {
  return new UwsTransport(events, options);
}

/** An app and its sockets: certificates are an app's for life, so another takes over when they are read again. */
interface App<Session> {
  readonly app: uws.TemplatedApp;
  readonly sockets: Set<uws.WebSocket<SocketState<Session>>>;
}

class UwsTransport<Session> implements Transport {
  readonly name = "uws";
  readonly #events: TransportEvents<Session>;
  readonly #options: TransportOptions;
  /** The newest first; older ones as long as they have sockets. */
  #apps: App<Session>[];
  #listening: { readonly socket: uws.us_listen_socket; readonly host: string; readonly port: number } | undefined;

  constructor(events: TransportEvents<Session>, options: TransportOptions) {
    this.#events = events;
    this.#options = options;
    this.#apps = [this.#openApp()];
  }

  get acceptorDescriptor(): unknown {
    return undeclared(this.#newest).getDescriptor();
  }

  async listen(host: string, wanted: number): Promise<number> {
    const { socket, port } = await listen(this.#newest, host, wanted);
    this.#listening = { socket, host, port };
    return port;
  }

  publish(topic: string, frame: Uint8Array): void {
    for (const { app } of this.#apps) app.publish(topic, frame, true);
  }

  async reloadCertificates(): Promise<void> {
    if (!this.#options.tls || !this.#listening) return;
    const { host, port } = this.#listening;
    const fresh = this.#openApp();
    this.stopListening();
    this.#apps = [fresh, ...this.#apps.filter(({ sockets }) => sockets.size > 0)];
    await this.listen(host, port);
  }

  stopListening(): void {
    if (this.#listening) uws.us_listen_socket_close(this.#listening.socket);
    this.#listening = undefined;
  }

  close(): void {
    this.stopListening();
    for (const { app, sockets } of this.#apps) {
      for (const socket of [...sockets]) socket.close();
      app.close();
    }
  }

  get #newest(): uws.TemplatedApp {
    return (this.#apps[0] as App<Session>).app;
  }

  #openApp(): App<Session> {
    const { tls, messageBytesMax, backpressureBytesMax, idleSecondsMax } = this.#options;
    const events = this.#events;
    const app = tls ? uws.SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certFile }) : uws.App();
    const sockets = new Set<uws.WebSocket<SocketState<Session>>>();
    app.ws<SocketState<Session>>(socketPath, {
      maxPayloadLength: messageBytesMax,
      maxBackpressure: backpressureBytesMax,
      closeOnBackpressureLimit: true,
      idleTimeout: idleSecondsMax,
      sendPingsAutomatically: true,
      open(socket) {
        sockets.add(socket);
        const state = socket.getUserData();
        state.connection = new UwsConnection(socket);
        state.session = events.opened(state.connection);
        events.admitted(state.session);
      },
      message(socket, message, isBinary) {
        // A text frame is no frame of ours; empty bytes are refused as malformed, like any other.
        events.received(socket.getUserData().session, new Uint8Array(isBinary ? message : new ArrayBuffer(0)));
      },
      dropped(socket) {
        socket.getUserData().slow = true;
      },
      close(socket) {
        sockets.delete(socket);
        const state = socket.getUserData();
        state.connection.closed = true;
        events.closed(state.session, state.slow ? "slow_consumer" : "closed");
      },
    });
    app.any("/*", (response, request) => answer(response, request, events));
    return { app, sockets };
  }
}

class UwsConnection<Session> implements Connection {
  readonly #socket: uws.WebSocket<SocketState<Session>>;
  /** The library throws for a socket that has closed. */
  closed = false;

  constructor(socket: uws.WebSocket<SocketState<Session>>) {
    this.#socket = socket;
  }

  get remoteAddress(): string {
    return this.closed ? "" : Buffer.from(this.#socket.getRemoteAddressAsText()).toString();
  }

  send(frame: Uint8Array): void {
    if (!this.closed) this.#socket.send(frame, true);
  }

  together(write: () => void): void {
    if (!this.closed) this.#socket.cork(write);
  }

  subscribe(topic: string): void {
    if (!this.closed) this.#socket.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    if (!this.closed) this.#socket.unsubscribe(topic);
  }

  end(code: number, reason: string): void {
    if (!this.closed) this.#socket.end(code, reason);
  }
}

function answer<Session>(response: uws.HttpResponse, request: uws.HttpRequest, events: TransportEvents<Session>): void {
  events.requested(new UwsRequest(response, request));
}

/** A native request: what may be asked of it later is copied at once. */
class UwsRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly #headers: ReadonlyMap<RequestHeader, string>;
  readonly #response: uws.HttpResponse;
  #aborted = false;
  #whenAborted = () => {};

  constructor(response: uws.HttpResponse, request: uws.HttpRequest) {
    this.method = request.getMethod().toUpperCase();
    this.path = request.getUrl();
    this.query = new URLSearchParams(request.getQuery() ?? "");
    this.#headers = new Map(requestHeaders.map((name) => [name, request.getHeader(name)]));
    this.#response = response;
    response.onAborted(() => {
      this.#aborted = true;
      this.#whenAborted();
    });
  }

  header(name: RequestHeader): string | undefined {
    return this.#headers.get(name) || undefined;
  }

  body(bytesMax: number): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      this.#whenAborted = () => resolve(undefined);
      this.#response.onData((piece, isLast) => {
        bytes += piece.byteLength;
        // What is too long is read to its end, or the answer could not be sent, but not kept.
        if (bytes > bytesMax) pieces.length = 0;
        else pieces.push(Buffer.from(piece.slice(0)));
        if (isLast) resolve(bytes > bytesMax ? undefined : Buffer.concat(pieces));
      });
    });
  }

  respond(status: number, headers: HttpHeaders, body: string | Uint8Array): void {
    if (this.#aborted) return;
    this.#response.cork(() => {
      this.#begin(status, headers);
      // Nothing is said of the length of nothing (RFC 9110 section 8.6).
      if (status === 204) this.#response.endWithoutBody();
      else this.#response.end(body);
    });
  }

  async stream(status: number, headers: HttpHeaders, length: number, next: NextPiece): Promise<void> {
    const response = this.#response;
    let begun = false;
    for (let sent = 0; sent < length; ) {
      const piece = await next().catch((cause: unknown) => {
        if (begun && !this.#aborted) this.#response.close();
        throw cause;
      });
      if (this.#aborted) return;
      const from = sent;
      let ok = true;
      response.cork(() => {
        if (!begun) this.#begin(status, headers);
        begun = true;
        [ok] = response.tryEnd(piece, length);
      });
      sent += piece.length;
      if (!ok) await this.#sendRest(piece, from, length);
      if (this.#aborted) return;
    }
  }

  /** Goes on with a piece of which the socket has not taken all; resolves when it has, or when the client went away. */
  #sendRest(piece: Uint8Array, from: number, length: number): Promise<void> {
    return new Promise((resolve) => {
      this.#whenAborted = resolve;
      this.#response.onWritable((offset) => {
        const [ok] = this.#response.tryEnd(piece.subarray(offset - from), length);
        if (ok) resolve();
        return ok;
      });
    });
  }

  #begin(status: number, headers: HttpHeaders): void {
    this.#response.writeStatus(String(status));
    for (const [name, value] of Object.entries(headers)) this.#response.writeHeader(name, value);
  }
}
