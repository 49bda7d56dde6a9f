import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { Roster } from "./roster.ts";
import { type Strategy, type StrategyName, strategies } from "./strategies.ts";
import { type Line, Turns, type TurnsMemory } from "./turns.ts";

export const assignPath = "/assign";

/** What `GET /assign` answers, as JSON. */
export interface Assignment {
  /** Where to open the socket, as the server itself knows. */
  readonly url: string;
  readonly strategy: StrategyName;
}

export interface AssignOptions {
  readonly strategy: StrategyName;
  /** Shared by all assigners of a process, so that they take the servers in one order together. */
  readonly turns: TurnsMemory;
}

/**
 * Picks a server for a client that asks where to connect. Every server has one, so no dispatcher is a single point of failure.
 */
export class Assigner {
  readonly #strategy: StrategyName;
  readonly #turns: Turns;
  readonly #roster: Roster;
  readonly #random: Random;
  readonly #clock: Clock;

  constructor({ strategy, turns }: AssignOptions, parts: { roster: Roster; random: Random; clock: Clock }) {
    this.#strategy = strategy;
    this.#turns = new Turns(turns);
    this.#roster = parts.roster;
    this.#random = parts.random;
    this.#clock = parts.clock;
  }

  /** Picks a server; undefined when none takes clients. */
  assign(line: Line): Assignment | undefined {
    const roster = this.#roster.available(this.#clock.monotonic());
    if (roster.length === 0) return undefined;
    const strategy: Strategy = strategies[this.#strategy];
    const picked = this.#turns.next(line, (after) => strategy(roster, { after }, this.#random));
    // A visit has ended before it could count as a connection.
    if (line === "clients") this.#roster.sent(picked.server);
    return { url: picked.url, strategy: this.#strategy };
  }
}
