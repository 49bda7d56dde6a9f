import * as uws from "uWebSockets.js";
import {
  type Connection,
  type HttpRequest,
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
  const app = uws.App();
  const sockets = new Set<uws.WebSocket<SocketState<Session>>>();
  let listening: uws.us_listen_socket | undefined;

  app.ws<SocketState<Session>>(socketPath, {
    maxPayloadLength: options.frameBytesMax,
    maxBackpressure: options.backpressureBytesMax,
    closeOnBackpressureLimit: true,
    idleTimeout: options.idleSecondsMax,
    sendPingsAutomatically: true,
    open(socket) {
      sockets.add(socket);
      const state = socket.getUserData();
      state.connection = new UwsConnection(socket);
      state.session = events.opened(state.connection);
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

  return {
    name: "uws",
    acceptorDescriptor: undeclared(app).getDescriptor(),
    async listen(host, wanted) {
      const { socket, port } = await listen(app, host, wanted);
      listening = socket;
      return port;
    },
    publish: (topic, frame) => void app.publish(topic, frame, true),
    stopListening() {
      if (listening) uws.us_listen_socket_close(listening);
      listening = undefined;
    },
    close() {
      this.stopListening();
      for (const socket of [...sockets]) socket.close();
      app.close();
    },
  };
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
  let aborted = false;
  response.onAborted(() => {
    aborted = true;
  });
  const asked: HttpRequest = {
    method: request.getMethod().toUpperCase(),
    path: request.getUrl(),
    query: new URLSearchParams(request.getQuery() ?? ""),
    respond(status, headers, body) {
      if (aborted) return;
      response.cork(() => {
        response.writeStatus(String(status));
        for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value);
        response.end(body);
      });
    },
  };
  events.requested(asked);
}
