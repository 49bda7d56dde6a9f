import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { Assigner } from "./assign.ts";
import { Roster } from "./roster.ts";
import { turnsMemory } from "./turns.ts";

test("the line that has formed before goes on: each client gets the server after the one of the client before it", () => {
  const clock = new FakeClock();
  const roster = new Roster();
  const names = ["a", "b", "c"];
  const load = { connections: 0, utilization: 0, lagMs: 0, draining: false };
  for (const server of names) roster.heard({ server, url: `ws://${server}`, load }, clock.monotonic());
  const options = { strategy: "round-robin", turns: turnsMemory(names) } as const;
  const parts = { roster, random: seededRandom(1), clock };
  // Two servers of a process, which take the servers in one order together.
  const assigners = [new Assigner(options, parts), new Assigner(options, parts)];
  const urls = Array.from({ length: 7 }, (_, i) => assigners[i % 2]?.assign("clients")?.url);
  assert.deepEqual(urls, ["ws://a", "ws://b", "ws://c", "ws://a", "ws://b", "ws://c", "ws://a"]);
});

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
