import * as uws from "uWebSockets.js";
import { isHandshake, noRoom, refuseHandshake } from "./handshake.ts";
import { Pings } from "./pings.ts";
import { headFault, type RequestHead, valuesOf } from "./request-head.ts";
import {
  type Connection,
  socketPath,
  type Transport,
  type TransportEvents,
  type TransportOptions,
} from "./transport.ts";
import { UwsDoor } from "./uws-door.ts";
import { addressOf, headOf, UwsRequest } from "./uws-http.ts";
import { closeWholly, listen } from "./uws-listen.ts";

interface SocketState<Session> {
  /** Undefined until the library has opened the socket. */
  opened: { readonly session: Session; readonly connection: UwsConnection<Session> } | undefined;
  slow: boolean;
  /** The client's address. */
  readonly from: string;
}

/**
 * The native transport: uWebSockets.js, whose topics merge all that one turn of the event loop publishes into one write a
 * socket.
 */
export function uwsTransport<Session>(events: TransportEvents<Session>, options: TransportOptions): Transport {
  return new UwsTransport(events, options);
}

/** An app and its sockets. An app keeps its certificate for life, so another takes over when the files are read again. */
interface App<Session> {
  readonly app: uws.TemplatedApp;
  readonly sockets: Set<uws.WebSocket<SocketState<Session>>>;
}

class UwsTransport<Session> implements Transport {
  readonly name = "uws";
  readonly #events: TransportEvents<Session>;
  readonly #options: TransportOptions;
  readonly #pings: Pings<uws.WebSocket<SocketState<Session>>>;
  /** Takes new connections. */
  #newest: App<Session>;
  /** Apps with former certificates, which keep the sockets that they have. */
  readonly #older: App<Session>[] = [];
  #listening: { readonly socket: uws.us_listen_socket; readonly host: string; readonly port: number } | undefined;

  constructor(events: TransportEvents<Session>, options: TransportOptions) {
    this.#events = events;
    this.#options = options;
    this.#pings = new Pings({ ...options, ping: (socket) => void socket.ping() });
    this.#newest = this.#openApp();
  }

  get acceptorDescriptor(): unknown {
    return this.#newest.app.getDescriptor();
  }

  async listen(host: string, wanted: number): Promise<number> {
    const { socket, port } = await listen(this.#newest.app, host, wanted);
    this.#listening = { socket, host, port };
    return port;
  }

  publish(topic: string, frame: Uint8Array): void {
    publishIn(this.#newest, topic, frame);
    for (const app of this.#older) publishIn(app, topic, frame);
  }

  async reloadCertificates(): Promise<void> {
    if (!this.#options.tls || !this.#listening) return;
    const { host, port } = this.#listening;
    const fresh = this.#openApp();
    this.stopListening();
    this.#older.push(this.#newest);
    this.#newest = fresh;
    await this.listen(host, port);
  }

  stopListening(): void {
    if (this.#listening) uws.us_listen_socket_close(this.#listening.socket);
    this.#listening = undefined;
  }

  async close(): Promise<void> {
    const { lobby } = this.#options;
    this.stopListening();
    this.#pings.stop();
    const apps = [this.#newest, ...this.#older];
    for (const { sockets } of apps) for (const socket of [...sockets]) socket.close();
    const open = () => apps.reduce((sum, { sockets }) => sum + sockets.size, lobby.visitors);
    await closeWholly(
      apps.map(({ app }) => app),
      open,
    );
    lobby.close();
  }

  #openApp(): App<Session> {
    const { tls, messageBytesMax, backpressureBytesMax, idleSecondsMax, lobby, proxies } = this.#options;
    const [events, pings] = [this.#events, this.#pings];
    const app = tls ? uws.SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certFile }) : uws.App();
    const sockets = new Set<uws.WebSocket<SocketState<Session>>>();
    const door = new UwsDoor(app, lobby);
    const answer = (response: uws.HttpResponse, head: RequestHead, query: string) => {
      const request = new UwsRequest(response, head, { query, keepAlive: !lobby.short });
      const fault = headFault(head);
      // Not at once: after an answer the library would read on, and take what follows for a request. While there is no answer,
      // it ends a connection on which more comes.
      if (fault) setImmediate(() => request.respond(fault.status, fault.headers, fault.body));
      else if (head.path === socketPath) refuseHandshake(request, head);
      else events.requested(request);
    };
    const behaviour: uws.WebSocketBehavior<SocketState<Session>> = {
      maxPayloadLength: messageBytesMax,
      maxBackpressure: backpressureBytesMax,
      closeOnBackpressureLimit: true,
      idleTimeout: idleSecondsMax,
      // They would come after 44 of 60 seconds, when some proxies have ended the connection.
      sendPingsAutomatically: false,
      upgrade(response, request, context) {
        door.asked(response);
        const head = headOf(request, proxies);
        if (headFault(head) || !isHandshake(head)) return answer(response, head, request.getQuery());
        if (!lobby.mayUpgrade()) {
          return new UwsRequest(response, head).respond(noRoom.status, noRoom.headers, noRoom.body);
        }
        door.upgraded();
        const from = proxies.clientOf(addressOf(response), valuesOf(head, "x-forwarded-for"));
        const state: SocketState<Session> = { opened: undefined, slow: false, from };
        response.upgrade(state, request.getHeader("sec-websocket-key"), "", "", context);
      },
      open(socket) {
        sockets.add(socket);
        pings.add(socket);
        const connection = new UwsConnection(socket, socket.getUserData().from);
        const session = events.opened(connection);
        socket.getUserData().opened = { session, connection };
        events.admitted(session);
      },
      message(socket, message, isBinary) {
        const { opened } = socket.getUserData();
        // A text message is none of ours; as empty bytes it is refused as malformed.
        if (opened) events.received(opened.session, new Uint8Array(isBinary ? message : new ArrayBuffer(0)));
      },
      dropped(socket) {
        socket.getUserData().slow = true;
      },
      close(socket) {
        sockets.delete(socket);
        pings.delete(socket);
        const { opened, slow } = socket.getUserData();
        if (!opened) return;
        opened.connection.closed = true;
        events.closed(opened.session, slow ? "slow_consumer" : "closed");
      },
    };
    for (const path of proxies.outside(socketPath)) app.ws(path, behaviour);
    app.any("/*", (response, request) => {
      door.asked(response);
      answer(response, headOf(request, proxies), request.getQuery());
    });
    return { app, sockets };
  }
}

function publishIn<Session>({ app, sockets }: App<Session>, topic: string, frame: Uint8Array): void {
  if (sockets.size > 0) app.publish(topic, frame, true);
}

class UwsConnection<Session> implements Connection {
  readonly remoteAddress: string;
  readonly #socket: uws.WebSocket<SocketState<Session>>;
  /** The library throws for a socket that has closed. */
  closed = false;

  constructor(socket: uws.WebSocket<SocketState<Session>>, remoteAddress: string) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
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
