import type * as uws from "uWebSockets.js";
import type { Lobby, Visitor } from "./lobby.ts";

/**
 * Brings the connections of a native app that are no WebSockets yet into a lobby.
 *
 * The library calls back when a socket opens and when one closes, but does not say which socket closes, nor over which one a
 * request comes. Only for a socket without a request so far does it report that this very socket has closed; and only such
 * sockets may be closed to make room, since a handle to a socket that is gone is a dangling pointer. So a request protects all
 * present sockets of its client's address from being closed.
 */
export class UwsDoor {
  readonly #lobby: Lobby;
  /** Sockets without a request so far, by the client's address. */
  readonly #unused = new Map<string, Set<Visitor>>();

  constructor(app: uws.TemplatedApp, lobby: Lobby) {
    this.#lobby = lobby;
    app.filter((response, change) => {
      if (change > 0) this.#opened(response);
      else lobby.left();
    });
  }

  /** A request has come. To be called before anything else sets a handler for the response's end. */
  asked(response: uws.HttpResponse): void {
    const address = addressOf(response);
    for (const visitor of this.#unused.get(address) ?? []) this.#lobby.asks(visitor);
    this.#unused.delete(address);
  }

  /** A socket has become a WebSocket; the library does not report its end to the app's filter. */
  upgraded(): void {
    this.#lobby.left();
  }

  #opened(response: uws.HttpResponse): void {
    const address = addressOf(response);
    const visitor = { close: () => void response.close() };
    const ofAddress = this.#unused.get(address);
    if (ofAddress) ofAddress.add(visitor);
    else this.#unused.set(address, new Set([visitor]));
    response.onAborted(() => this.#ended(address, visitor));
    this.#lobby.enter(visitor);
  }

  #ended(address: string, visitor: Visitor): void {
    this.#lobby.asks(visitor);
    const ofAddress = this.#unused.get(address);
    ofAddress?.delete(visitor);
    if (ofAddress?.size === 0) this.#unused.delete(address);
  }
}

const addressOf = (response: uws.HttpResponse) => Buffer.from(response.getRemoteAddress()).toString("latin1");
