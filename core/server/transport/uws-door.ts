import type * as uws from "uWebSockets.js";
import type { Lobby, Visitor } from "./lobby.ts";

/**
 * Brings the connections of a native app that are no WebSockets yet into a lobby.
 *
 * The library calls back when a socket opens and when one closes, but does not say which one closes, nor over which one a
 * request comes. It tells the end of a socket over which nothing has been asked yet, and only such may be closed for others:
 * a handle to a socket that is gone is a pointer to nowhere. So a request makes all sockets of its client's address that are
 * there now safe from being closed.
 */
export class UwsDoor {
  readonly #lobby: Lobby;
  /** Over which nothing has been asked, by the client's address. */
  readonly #unused = new Map<string, Set<Visitor>>();

  constructor(app: uws.TemplatedApp, lobby: Lobby) {
    this.#lobby = lobby;
    app.filter((response, change) => {
      if (change > 0) this.#opened(response);
      else lobby.left();
    });
  }

  /** To be called first of all when a request comes, before a handler of its own is set for its end. */
  asked(response: uws.HttpResponse): void {
    const address = addressOf(response);
    for (const visitor of this.#unused.get(address) ?? []) this.#lobby.asks(visitor);
    this.#unused.delete(address);
  }

  /** A socket has become a WebSocket; the library does not tell its end as one of these. */
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
