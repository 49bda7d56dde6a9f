import type { Random } from "../../platform/random.ts";
import { pickOne } from "../../platform/random.ts";
import type { ServerId } from "../../server/bus.ts";
import type { RosterEntry } from "./roster.ts";

/** A client that looks for a server. */
export interface Arrival {
  /** Where the one before it was sent; undefined for the first. That server may be gone. */
  readonly after: ServerId | undefined;
}

/**
 * Which server a client goes to: a pure function of the roster, the client and the random source, so that dispatcher,
 * tests and simulator share it. The roster has at least one server and is in the order of their names.
 */
export type Strategy = (roster: readonly RosterEntry[], arrival: Arrival, random: Random) => RosterEntry;

const least = (a: RosterEntry, b: RosterEntry) => (b.load.connections < a.load.connections ? b : a);

export const strategies = {
  /**
   * Servers serially, one for each new client: the one whose name follows, and the first after the last. Who comes or goes
   * meanwhile changes nobody else's turn: of two that are there all the time neither gets two more than the other, while a
   * count of arrivals modulo the servers begins somewhere else at each change.
   */
  "round-robin": (roster, { after }) =>
    (after !== undefined && roster.find(({ server }) => server > after)) || (roster[0] as RosterEntry),
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
