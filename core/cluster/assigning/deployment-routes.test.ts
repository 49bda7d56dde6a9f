import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { Proxies } from "../../server/transport/proxies.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { type FakeAnswer, FakeRequest } from "../../testing/fake-request.ts";
import { Assigner } from "./assign.ts";
import { DeploymentRoutes } from "./deployment-routes.ts";
import { Roster, silenceMsMax } from "./roster.ts";
import { turnsMemory } from "./turns.ts";

const json = { "content-type": "application/json" };

/** The routes of a deployment whose servers listen on every address. */
function deployment(servers: readonly string[]) {
  const clock = new FakeClock();
  const roster = new Roster();
  const load = { connections: 3, utilization: 0.5, lagMs: 1, draining: false };
  for (const server of servers) roster.heard({ server, url: `ws://0.0.0.0/${server}`, load }, clock.monotonic());
  const options = { strategy: "least-connections", turns: turnsMemory(servers) } as const;
  const assigner = new Assigner(options, { roster, random: seededRandom(1), clock });
  const reach = { isPublic: false, isLone: false, proxies: new Proxies({}) };
  const routes = new DeploymentRoutes({ assigner, roster, about: { servers: servers.length }, reach, clock });
  return {
    clock,
    roster,
    /** How a request is answered; undefined when it is not for one of these routes. */
    ask(method: string, target: string): FakeAnswer | undefined {
      const request = new FakeRequest(method, target, { host: "chat.example:7400" });
      const isRouted = routes.route(request);
      assert.equal(isRouted, request.answers.length === 1);
      return request.answers[0];
    },
  };
}

test("/assign answers where to connect, at the host that was asked, and by which strategy", () => {
  const { ask } = deployment(["a"]);
  const body = `${JSON.stringify({ url: "ws://chat.example/a", strategy: "least-connections" })}\n`;
  assert.deepEqual(ask("GET", "/assign"), { status: 200, headers: json, body });
  assert.equal(ask("HEAD", "/assign")?.status, 200);
});

test("who comes to stay counts from then on, and a visit does not", () => {
  const { ask, roster, clock } = deployment(["a"]);
  const connections = () => roster.available(clock.monotonic()).map(({ load }) => load.connections);
  ask("GET", "/assign?visit=true");
  assert.deepEqual(connections(), [3]);
  for (const target of ["/assign", "/assign?visit=false", "/assign?visit"]) ask("GET", target);
  assert.deepEqual(connections(), [6]);
});

test("without a server that takes clients, /assign answers 503, why, and when to ask again", async () => {
  const { ask, clock } = deployment(["a"]);
  await clock.advance(silenceMsMax + 1);
  assert.deepEqual(ask("GET", "/assign"), {
    status: 503,
    headers: { "content-type": "text/plain", "retry-after": "1" },
    body: "no_server: none takes clients now\n",
  });
});

test("/servers answers the servers of which was heard lately, and their loads", async () => {
  const { ask, clock } = deployment(["a", "b"]);
  const load = { connections: 3, utilization: 0.5, lagMs: 1, draining: false };
  const body = `${JSON.stringify(["a", "b"].map((server) => ({ server, url: `ws://chat.example/${server}`, load })))}\n`;
  assert.deepEqual(ask("GET", "/servers"), { status: 200, headers: json, body });
  await clock.advance(silenceMsMax + 1);
  assert.equal(ask("GET", "/servers")?.body, "[]\n");
});

test("/about answers what was said of the deployment", () => {
  assert.deepEqual(deployment(["a"]).ask("GET", "/about"), { status: 200, headers: json, body: `{"servers":1}\n` });
});

test("another method is refused with those that there are, and another path is left to others", () => {
  const { ask } = deployment(["a"]);
  for (const path of ["/assign", "/servers", "/about"]) {
    const refused = ask("POST", path);
    assert.deepEqual([refused?.status, refused?.headers["allow"]], [405, "GET, HEAD, OPTIONS"], path);
  }
  for (const method of ["GET", "POST"]) assert.equal(ask(method, "/assigned"), undefined);
});
