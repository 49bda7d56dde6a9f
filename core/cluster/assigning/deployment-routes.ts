import type { Clock } from "../../platform/clock.ts";
import { hasMethod } from "../../server/transport/methods.ts";
import type { HttpRequest } from "../../server/transport/transport.ts";
import { type Assigner, assignPath } from "./assign.ts";
import { type Reach, reachableAt } from "./reachable-url.ts";
import type { Roster } from "./roster.ts";

const paths: ReadonlySet<string> = new Set([assignPath, "/servers", "/about"]);
const json = { "content-type": "application/json" };

/**
 * The HTTP routes that every server answers for the whole deployment: `GET /assign` where to connect, `GET /servers` the
 * servers that it knows of, `GET /about` what results state beside their figures.
 */
export class DeploymentRoutes {
  readonly #assigner: Assigner;
  readonly #roster: Roster;
  readonly #about: unknown;
  readonly #reach: Reach;
  readonly #clock: Clock;

  constructor(parts: { assigner: Assigner; roster: Roster; about: unknown; reach: Reach; clock: Clock }) {
    this.#assigner = parts.assigner;
    this.#roster = parts.roster;
    this.#about = parts.about;
    this.#reach = parts.reach;
    this.#clock = parts.clock;
  }

  /** Answers a request, if it is for one of these routes; answers false if it is not. */
  route(request: HttpRequest): boolean {
    if (paths.has(request.path) && !hasMethod(request, ["GET"])) return true;
    switch (request.path) {
      case assignPath:
        return this.#assign(request);
      case "/servers": {
        const servers = this.#roster.available(this.#clock.monotonic());
        return answer(
          request,
          servers.map((entry) => ({ ...entry, ...reachableAt(entry.url, request, this.#reach) })),
        );
      }
      case "/about":
        return answer(request, this.#about);
      default:
        return false;
    }
  }

  #assign(request: HttpRequest): boolean {
    const assignment = this.#assigner.assign(request.query.get("visit") === "true" ? "visits" : "clients");
    if (assignment) return answer(request, { ...assignment, ...reachableAt(assignment.url, request, this.#reach) });
    request.respond(503, { "content-type": "text/plain", "retry-after": "1" }, "no_server: none takes clients now\n");
    return true;
  }
}

function answer(request: HttpRequest, facts: unknown): boolean {
  request.respond(200, json, `${JSON.stringify(facts)}\n`);
  return true;
}
