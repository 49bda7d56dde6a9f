import type { Clock } from "../../platform/clock.ts";
import type { DescriptorBudget } from "../../platform/descriptors.ts";
import { Episode } from "../../platform/episode.ts";
import type { Log } from "../../platform/log.ts";

/** A connection that is no WebSocket. */
export interface Visitor {
  /** Closes it at once. */
  close(): void;
}

/** So many of each listener are let in whatever else is open: what is kept back of the descriptors must cover them. */
export const visitorsKept = 16;
/** And so many of all listeners together when nobody can be closed to make room for them. */
export const overdraft = 32;
/** Of these, so many are for newcomers who have had no time yet to say what they want. */
const newcomersOverdraft = 16;
const newcomerMs = 250;
const quietMs = 10_000;

/**
 * The connections of one listener that are no WebSockets, or not yet. They take descriptors too, and are bounded by them:
 * when the process may open no more, the one that has asked for nothing for the longest time is closed for the next. So
 * whoever opens connections and leaves them lying keeps nobody from `/healthz`, as long as each has the time to ask before
 * so many others come that it has been silent for the longest time. Over uWebSockets.js that does not hold against who also
 * asks for something now and then, from one address (`uws-door.ts` says why).
 *
 * A newcomer has that time while there are few of them. uWebSockets.js accepts all who wait in one turn of the loop, and
 * cannot be told to stop; of a burst of more than there is room for, those who came first are closed although their requests
 * may be on the way. Node's server accepts one at a time, and reads in between.
 */
export class Lobby {
  readonly #budget: DescriptorBudget | undefined;
  readonly #shortage: Episode;
  readonly #clock: Clock;
  /** Those who ask for nothing now, the longest silent first; by when they are newcomers no more. */
  readonly #silent = new Map<Visitor, number>();
  #visitors = 0;

  constructor(parts: { budget: DescriptorBudget | undefined; clock: Clock; log: Log }) {
    this.#budget = parts.budget;
    this.#clock = parts.clock;
    this.#shortage = new Episode({
      clock: parts.clock,
      quietMs,
      began: () =>
        parts.log.warn("this process may open no more sockets; those that ask for nothing are closed to make room"),
      over: (closed) => parts.log.info({ closed }, "this process may open sockets again"),
    });
  }

  /** How many there are. */
  get visitors(): number {
    return this.#visitors;
  }

  /** Whether descriptors are so short that a connection had better end with its answer. */
  get short(): boolean {
    return this.#shortage.lasts;
  }

  /** One has come, and has asked for nothing. When there is no room, the longest silent is closed, or this one itself. */
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
   * Whether a visitor may become a WebSocket. Of those who were let in whatever else was open not one may: they would stay,
   * and the next be let in.
   */
  mayUpgrade(): boolean {
    return !this.#budget || this.#budget.take(overdraft);
  }

  /** It asks for something: it is not closed for others meanwhile. */
  asks(visitor: Visitor): void {
    this.#silent.delete(visitor);
  }

  /** It has its answer. */
  answered(visitor: Visitor): void {
    this.#silent.set(visitor, 0);
  }

  /**
   * A connection has ended, or has become a WebSocket, and is counted no more. `visitor` is that connection; it is left out
   * where {@link asks} has been told of it.
   */
  left(visitor?: Visitor): void {
    this.#visitors--;
    if (visitor) this.#silent.delete(visitor);
  }

  close(): void {
    this.#shortage.stop();
  }
}
