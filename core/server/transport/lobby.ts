import type { Clock } from "../../platform/clock.ts";
import type { DescriptorBudget } from "../../platform/descriptors.ts";
import { Episode } from "../../platform/episode.ts";
import type { Log } from "../../platform/log.ts";

/** A connection that is no WebSocket. */
export interface Visitor {
  /** Closes the connection at once. */
  close(): void;
}

/** Each listener lets this many visitors in whatever else is open: the descriptors that are kept back must cover them. */
export const visitorsKept = 16;
/** All listeners together let this many more in when no visitor can be closed to make room. */
export const overdraft = 32;
/** This part of the overdraft is for newcomers, who have had no time yet to send a request. */
const newcomersOverdraft = 16;
const newcomerMs = 250;
const quietMs = 10_000;

/**
 * The connections of one listener that are no WebSockets, or not yet. They take descriptors too, and descriptors bound their
 * number: when the process may open no more, the visitor that has been silent (without a request) for the longest time is
 * closed to make room for the next. So a client that opens many idle connections keeps no other from `/healthz`, as long as a
 * visitor has the time to send its request before so many others come that it is the longest silent. Over uWebSockets.js this
 * does not hold against a client that also sends a request now and then, from the same address (`uws-door.ts` says why).
 *
 * A newcomer has that time while there are few newcomers. uWebSockets.js accepts all waiting connections in one turn of the
 * event loop, and cannot be stopped; of a burst that is larger than the room for it, the first connections are closed although
 * their requests may be on the way. Node's server accepts one at a time, and reads in between.
 */
export class Lobby {
  readonly #budget: DescriptorBudget | undefined;
  readonly #shortage: Episode;
  readonly #clock: Clock;
  /** The silent visitors, the longest silent first, with the time until which each is a newcomer. */
  readonly #silent = new Map<Visitor, number>();
  #visitors = 0;

  constructor(parts: { budget: DescriptorBudget | undefined; clock: Clock; log: Log }) {
    this.#budget = parts.budget;
    this.#clock = parts.clock;
    this.#shortage = new Episode({
      clock: parts.clock,
      quietMs,
      began: () =>
        parts.log.warn("this process may open no more sockets; those without a request are closed to make room"),
      over: (closed) => parts.log.info({ closed }, "this process may open sockets again"),
    });
  }

  get visitors(): number {
    return this.#visitors;
  }

  /** Whether descriptors are so short that connections are to end with their answers. */
  get short(): boolean {
    return this.#shortage.lasts;
  }

  /**
   * A visitor has come, and is silent so far. When there is no room, the longest silent visitor is closed, or this one itself.
   */
  enter(visitor: Visitor): void {
    const now = this.#clock.monotonic();
    this.#visitors++;
    this.#silent.set(visitor, now + newcomerMs);
    if (this.#visitors <= visitorsKept || !this.#budget || this.#budget.take()) return;
    this.#shortage.happened();
    const [[longest, newUntil] = [visitor, 0]] = this.#silent;
    if (now < newUntil && this.#budget.take(newcomersOverdraft)) return;
    if (longest === visitor && this.#budget.take(overdraft)) return;
    this.#silent.delete(longest);
    longest.close();
  }

  /**
   * Whether a visitor may become a WebSocket. Visitors that were let in although there was no descriptor for them may not: they
   * would stay, and others would be let in after them.
   */
  mayUpgrade(): boolean {
    return !this.#budget || this.#budget.take(overdraft);
  }

  /** A visitor has sent a request: until it is answered, the visitor is not closed to make room. */
  asks(visitor: Visitor): void {
    this.#silent.delete(visitor);
  }

  /** A visitor has its answer, and is silent again. */
  answered(visitor: Visitor): void {
    this.#silent.set(visitor, 0);
  }

  /**
   * A visitor has ended, or has become a WebSocket, and is counted no more. `visitor` may be left out after {@link asks} was
   * called with it.
   */
  left(visitor?: Visitor): void {
    this.#visitors--;
    if (visitor) this.#silent.delete(visitor);
  }

  close(): void {
    this.#shortage.stop();
  }
}
