import { itemAt } from "../../platform/item-at.ts";
import { keysOf } from "../../platform/keys-of.ts";
import { pickOne, type Random } from "../../platform/random.ts";
import type { ServerId } from "../../server/bus.ts";
import type { RosterEntry } from "./roster.ts";

/** A client that needs a server. */
export interface Arrival {
  /** The server of the client before it; undefined for the first client. That server may be gone. */
  readonly after: ServerId | undefined;
}

/**
 * Chooses a client's server: a pure function of the roster, the client and the random source, so that the servers and the tests
 * share it. The roster has at least one server, and is in the order of the servers' names.
 */
export type Strategy = (roster: readonly RosterEntry[], arrival: Arrival, random: Random) => RosterEntry;

const least = (a: RosterEntry, b: RosterEntry) => (b.load.connections < a.load.connections ? b : a);

export const strategies = {
  /**
   * One server after the other: the one whose name follows, and the first again after the last. Servers that come or go change
   * no other server's turn: of two that stay, neither gets two clients more than the other. A count of arrivals modulo the
   * number of servers would begin somewhere else at each change.
   */
  "round-robin": (roster, { after }) =>
    (after !== undefined && roster.find(({ server }) => server > after)) || itemAt(roster, 0),
  random: (roster, _arrival, random) => pickOne(random, roster),
  "least-connections": (roster) => roster.reduce(least),
  /** The less loaded of two picked at random (Mitzenmacher, "The Power of Two Choices", 2001): good on stale loads. */
  "two-choices": (roster, _arrival, random) => {
    const first = random.below(roster.length);
    const second = (first + 1 + random.below(Math.max(1, roster.length - 1))) % roster.length;
    return least(itemAt(roster, first), itemAt(roster, second));
  },
} as const satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof strategies;
export const strategyNames: readonly StrategyName[] = keysOf(strategies);
