import type * as uws from "uWebSockets.js";
import type { Lobby, Visitor } from "./lobby.ts";
import { type RequestHead, valuesOf } from "./request-head.ts";
import { UwsHandle } from "./uws-handle.ts";

/** A connection, as it was when it opened. */
interface Visit extends Visitor {
  readonly response: uws.HttpResponse;
  readonly address: string;
  asking: Asking | undefined;
}

/** A request that has no answer, or whose body has not come whole. */
interface Asking {
  readonly handle: UwsHandle;
  carryOut(): void;
  readonly address: string;
  visit: Visit | undefined;
  isAnswered: boolean;
}

/**
 * Brings the connections of a native app that are no WebSockets into a lobby, and knows over which of them a request comes.
 *
 * The library makes a new handle for each request, and does not say whose it is. But right behind a head it calls what was
 * set for the body, also when there is none: so what was set when a connection opened names it. That is gone after the last
 * part of a body. Therefore a request is carried out, and answered, only when the library's call has returned; as long as
 * there is no answer, the library ends a connection over which another request comes. Where sockets are short, answers end
 * the connection, and are given at once: who waits for one would have a place that a newcomer needs.
 *
 * A handle may be used only as long as the end of its connection will be told: it is a pointer to nowhere then. Behind the
 * head of a body in chunks there may be nothing yet. Such a request could be anybody's of those who are silent at its client's
 * address: none of them is closed for others from then on, before it has asked for something else.
 */
export class UwsDoor {
  readonly #lobby: Lobby;
  /** Connections over which nothing is asked now, and whose end will be told. */
  readonly #silent = new Set<Visit>();
  /** Those that have their answer, and what must be set again for the next request when the library's call has returned. */
  readonly #unset = new Set<Visit>();
  /** Over which the library brings something just now. */
  #heardNow: Visit | undefined;
  /** What was asked last, as long as nobody knows over which connection. */
  #read: Asking | undefined;
  #ends = 0;

  constructor(app: uws.TemplatedApp, lobby: Lobby) {
    this.#lobby = lobby;
    app.filter((response, change) => {
      if (change > 0) return this.#opened(response);
      this.#ends++;
      lobby.left();
    });
  }

  /** To be called when a request comes. `carryOut` is called later, at the end of the turn at the latest, unless the client has gone. */
  asked(response: uws.HttpResponse, head: RequestHead, carryOut: (handle: UwsHandle) => void): void {
    const handle: UwsHandle = new UwsHandle(response, (write, thenEnds) => this.#answer(asking, write, thenEnds));
    let isCarriedOut = false;
    const asking: Asking = {
      handle,
      address: addressOf(response),
      visit: undefined,
      isAnswered: false,
      carryOut() {
        if (isCarriedOut || handle.isGone) return;
        isCarriedOut = true;
        carryOut(handle);
        handle.keepNoMore();
      },
    };
    // It may be over one of these, and what is set for it must stay.
    this.#unset.clear();
    response.onAborted(() => this.#gone(asking));
    if (valuesOf(head, "transfer-encoding").length === 0) this.#read = asking;
    else {
      response.onData((piece, isLast) => handle.heard(piece, isLast));
      this.#suspect(asking.address);
    }
    setImmediate(() => {
      if (this.#read === asking) this.#read = undefined;
      if (!asking.visit && !handle.isGone) this.#suspect(asking.address);
      asking.carryOut();
    });
  }

  /** A connection has become a WebSocket; the library does not tell its end as one of these. */
  upgraded(): void {
    this.#lobby.left();
  }

  #opened(response: uws.HttpResponse): void {
    const close = () => void response.close();
    const visit: Visit = { response, address: addressOf(response), asking: undefined, close };
    this.#set(visit);
    this.#lobby.enter(visit);
  }

  /** Nothing is asked over this connection now. */
  #set(visit: Visit): void {
    visit.asking = undefined;
    visit.response.onAborted(() => this.#forget(visit));
    visit.response.onData((piece, isLast) => this.#heard(visit, piece, isLast));
    this.#silent.add(visit);
  }

  #heard(visit: Visit, piece: ArrayBuffer, isLast: boolean): void {
    this.#heardNow = visit;
    const isRead = !visit.asking && this.#read !== undefined;
    if (isRead) this.#isOver(visit);
    const { asking } = visit;
    asking?.handle.heard(piece, isLast);
    if (isLast && asking?.isAnswered) this.#isSilentSoon(visit);
    if (isRead && this.#lobby.short) asking?.carryOut();
    this.#heardNow = undefined;
  }

  /** What was read last was asked over this connection. */
  #isOver(visit: Visit): void {
    visit.asking = this.#read;
    this.#read = undefined;
    this.#forget(visit);
    if (!visit.asking) return;
    visit.asking.visit = visit;
    visit.asking.handle.visitor = visit;
  }

  #answer(asking: Asking, write: () => boolean, thenEnds: boolean): void {
    const ends = this.#ends;
    if (!write()) return;
    asking.isAnswered = true;
    const { visit } = asking;
    // The connection has ended with its answer, or nobody knows which it is.
    if (!visit || this.#ends > ends) return;
    if (thenEnds) visit.close();
    else if (!asking.handle.isWhole) visit.response.onAborted(() => void this.#unset.delete(visit));
    else if (visit === this.#heardNow) this.#isSilentSoon(visit);
    else this.#isSilent(visit);
  }

  /** What is set now is gone when the library's call returns. */
  #isSilentSoon(visit: Visit): void {
    visit.response.onAborted(() => void this.#unset.delete(visit));
    this.#unset.add(visit);
    setImmediate(() => {
      if (this.#unset.delete(visit)) this.#isSilent(visit);
    });
  }

  #isSilent(visit: Visit): void {
    this.#set(visit);
    this.#lobby.answered(visit);
  }

  #gone({ handle, visit, address }: Asking): void {
    if (!visit) this.#suspect(address);
    handle.gone();
  }

  /** Nobody knows which of these is the one that a request came over, or that has gone. */
  #suspect(address: string): void {
    for (const visit of this.#silent) if (visit.address === address) this.#forget(visit);
  }

  #forget(visit: Visit): void {
    this.#silent.delete(visit);
    this.#lobby.asks(visit);
  }
}

const addressOf = (response: uws.HttpResponse) => Buffer.from(response.getRemoteAddress()).toString("latin1");
