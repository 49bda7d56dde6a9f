import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { Roster } from "./roster.ts";
import { type Strategy, type StrategyName, strategies } from "./strategies.ts";

export const assignPath = "/assign";

/** What `GET /assign` answers, as JSON. */
export interface Assignment {
  /** Where to open the socket. */
  readonly url: string;
  readonly strategy: StrategyName;
}

export interface AssignOptions {
  readonly strategy: StrategyName;
  /** With a native acceptor, round robin happens as sockets are accepted: everybody is sent to it. */
  readonly acceptorUrl: string | undefined;
}

/** Picks a server from the roster for who asks where to connect: any server can, so no dispatcher is a single point of failure. */
export class Assigner {
  readonly #options: AssignOptions;
  readonly #roster: Roster;
  readonly #random: Random;
  readonly #clock: Clock;
  #arrivals = 0;

  constructor(options: AssignOptions, by: { roster: Roster; random: Random; clock: Clock }) {
    this.#options = options;
    this.#roster = by.roster;
    this.#random = by.random;
    this.#clock = by.clock;
  }

  /** Undefined when no server takes clients. */
  assign(): Assignment | undefined {
    const { strategy: name, acceptorUrl } = this.#options;
    if (name === "round-robin" && acceptorUrl !== undefined) return { url: acceptorUrl, strategy: name };
    const roster = this.#roster.available(this.#clock.monotonic());
    if (roster.length === 0) return undefined;
    const strategy: Strategy = strategies[name];
    const picked = strategy(roster, { index: this.#arrivals++ }, this.#random);
    this.#roster.sent(picked.server);
    return { url: picked.url, strategy: name };
  }
}
