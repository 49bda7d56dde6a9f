import assert from "node:assert/strict";
import { test } from "node:test";
import { Roster, silenceMsMax } from "./roster.ts";

const load = { connections: 1, utilization: 0, lagMs: 0, draining: false };
const entry = (server: string, of = load) => ({ server, url: `ws://${server}`, load: of });
const names = (roster: Roster, nowMs: number) => roster.available(nowMs).map(({ server }) => server);

test("the servers that take clients are in the order of their names, whoever was heard first", () => {
  const roster = new Roster();
  for (const server of ["c", "a", "d", "b"]) roster.heard(entry(server), 0);
  assert.deepEqual(names(roster, 0), ["a", "b", "c", "d"]);
  roster.gone("b");
  roster.heard(entry("c", { ...load, draining: true }), 0);
  assert.deepEqual(names(roster, 0), ["a", "d"]);
});

test("a server counts as gone once it was silent for longer than the bound, until it is heard again", () => {
  const roster = new Roster();
  roster.heard(entry("a"), 1000);
  assert.deepEqual(names(roster, 1000 + silenceMsMax), ["a"]);
  assert.deepEqual(names(roster, 1001 + silenceMsMax), []);
  assert.deepEqual(names(roster, 1000), [], "it was forgotten");
  roster.heard(entry("a"), 5000);
  assert.deepEqual(names(roster, 5000), ["a"]);
});

test("clients that were sent since a heartbeat count until the next one, and those sent to nobody do not", () => {
  const roster = new Roster();
  roster.sent("a");
  roster.heard(entry("a"), 0);
  const connections = () => roster.available(0).map((of) => of.load.connections);
  assert.deepEqual(connections(), [1]);
  roster.sent("a");
  roster.sent("a");
  assert.deepEqual(connections(), [3]);
  roster.heard(entry("a", { ...load, connections: 3 }), 0);
  assert.deepEqual(connections(), [3]);
});
