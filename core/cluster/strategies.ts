import type { Random } from "../platform/random.ts";
import { pickOne } from "../platform/random.ts";
import type { RosterEntry } from "./roster.ts";

/** A client that looks for a server. */
export interface Arrival {
  /** How many came before it, as far as whoever picks has counted. */
  readonly index: number;
}

/**
 * Which server a client goes to: a pure function of the roster, the client and the random source, so that dispatcher,
 * tests and simulator share it. The roster has at least one server and is in a stable order.
 */
export type Strategy = (roster: readonly RosterEntry[], arrival: Arrival, random: Random) => RosterEntry;

const least = (a: RosterEntry, b: RosterEntry) => (b.load.connections < a.load.connections ? b : a);

export const strategies = {
  /** Servers serially, one for each new client. */
  "round-robin": (roster, arrival) => roster[arrival.index % roster.length] as RosterEntry,
  random: (roster, _arrival, random) => pickOne(random, roster),
  "least-connections": (roster) => roster.reduce(least),
  /** The less loaded of two picked at random (Mitzenmacher, "The Power of Two Choices", 2001): good on stale loads. */
  "two-choices": (roster, _arrival, random) => {
    const first = random.below(roster.length);
    const second = (first + 1 + random.below(Math.max(1, roster.length - 1))) % roster.length;
    return least(roster[first] as RosterEntry, roster[second] as RosterEntry);
  },
} as const satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof strategies;
export const strategyNames = Object.keys(strategies) as [StrategyName, ...StrategyName[]];
