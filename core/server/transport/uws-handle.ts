import type * as uws from "uWebSockets.js";
import type { Visitor } from "./lobby.ts";

/** The library's handle to a request, as long as it is good: until the answer is written, or the client has gone. */
export class UwsHandle {
  readonly response: uws.HttpResponse;
  /** The client has gone: the handle is a pointer to nowhere. */
  isGone = false;
  /** The body has come to its end, or there is none. */
  isWhole = false;
  /** The connection that the request came over, where that is known: it may be closed behind the answer. */
  visitor: Visitor | undefined;
  readonly #answering: (write: () => boolean, thenEnds: boolean) => void;
  /** What has come of the body before anybody could ask for it. */
  #early: Buffer[] | undefined = [];
  #heard: ((piece: Uint8Array, isLast: boolean) => void) | undefined;
  #whenGone = () => {};

  /** `answering` is handed every call that may end the answer. */
  constructor(response: uws.HttpResponse, answering: (write: () => boolean, thenEnds: boolean) => void) {
    this.response = response;
    this.#answering = answering;
  }

  whenGone(told: () => void): void {
    this.#whenGone = told;
  }

  /** To be asked for before anything is awaited. A piece is valid during the call only. */
  whenHeard(told: (piece: Uint8Array, isLast: boolean) => void): void {
    this.#heard = told;
    for (const piece of this.#early ?? []) told(piece, false);
    this.keepNoMore();
    if (this.isWhole) told(new Uint8Array(0), true);
  }

  /** Whoever wants the body has said so. */
  keepNoMore(): void {
    this.#early = undefined;
  }

  /**
   * Calls `write`, which says whether the answer is whole with that. With `thenEnds` a connection that is known is closed
   * behind it, whatever the library was told.
   */
  answer(write: () => boolean, { thenEnds = false } = {}): void {
    this.#answering(write, thenEnds);
  }

  heard(piece: ArrayBuffer, isLast: boolean): void {
    this.isWhole = isLast;
    if (this.#heard) this.#heard(new Uint8Array(piece), isLast);
    else this.#early?.push(Buffer.from(piece.slice(0)));
  }

  gone(): void {
    this.isGone = true;
    this.#whenGone();
  }
}
