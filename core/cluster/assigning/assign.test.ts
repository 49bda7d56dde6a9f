import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { Assigner } from "./assign.ts";
import { Roster } from "./roster.ts";
import { turnsMemory } from "./turns.ts";

test("clients that stay count as connections before the next heartbeat, visits do not", () => {
  const clock = new FakeClock();
  const roster = new Roster();
  for (const [server, connections] of [
    ["a", 10],
    ["b", 12],
  ] as const) {
    const load = { connections, utilization: 0, lagMs: 0, draining: false };
    roster.heard({ server, url: `ws://${server}`, load }, clock.monotonic());
  }
  const turns = turnsMemory(["a", "b"]);
  const assigner = new Assigner({ strategy: "least-connections", turns }, { roster, random: seededRandom(1), clock });
  const connections = () => roster.available(clock.monotonic()).map(({ load }) => load.connections);
  for (let i = 0; i < 5; i++) assert.equal(assigner.assign("visits")?.url, "ws://a");
  assert.deepEqual(connections(), [10, 12]);
  for (let i = 0; i < 4; i++) assigner.assign("clients");
  assert.deepEqual(connections(), [13, 13]);
});
