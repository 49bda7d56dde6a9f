import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { HttpRequest } from "../server/transport/transport.ts";
import { reachableUrl } from "./reachable-url.ts";
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

/** Answers `GET /assign` from the roster: any server can, so no dispatcher is a single point of failure. */
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

  /** Whether the request was for this. */
  route(request: HttpRequest): boolean {
    if (request.path !== assignPath) return false;
    const assignment = this.assign();
    if (assignment) {
      const url = reachableUrl(assignment.url, request);
      request.respond(200, { "content-type": "application/json" }, `${JSON.stringify({ ...assignment, url })}\n`);
    } else {
      request.respond(503, { "content-type": "text/plain", "retry-after": "1" }, "no_server: none takes clients now\n");
    }
    return true;
  }
}
