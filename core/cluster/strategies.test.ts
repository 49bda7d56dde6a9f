import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../platform/random.ts";
import { Roster, type RosterEntry, silenceMsMax } from "./roster.ts";
import { type Strategy, strategies, strategyNames } from "./strategies.ts";

function entry(server: string, connections: number, draining = false): RosterEntry {
  return { server, url: `ws://${server}`, load: { connections, utilization: 0, lagMs: 0, draining } };
}

const rosters = fc
  .array(fc.nat(1000), { minLength: 1, maxLength: 12 })
  .map((loads) => loads.map((load, i) => entry(`s${i}`, load)));

test("every strategy picks a server of the roster, and the same one from the same seed", () => {
  for (const name of strategyNames) {
    const strategy: Strategy = strategies[name];
    fc.assert(
      fc.property(rosters, fc.nat(10_000), fc.nat(), (roster, index, seed) => {
        const picked = strategy(roster, { index }, seededRandom(seed));
        assert.ok(roster.includes(picked));
        assert.equal(strategy(roster, { index }, seededRandom(seed)), picked);
      }),
    );
  }
});

test("round robin takes the servers in turn", () => {
  const roster = ["a", "b", "c"].map((server) => entry(server, 0));
  const picked = [0, 1, 2, 3, 4].map((index) => strategies["round-robin"](roster, { index }).server);
  assert.deepEqual(picked, ["a", "b", "c", "a", "b"]);
});

test("least connections takes the emptiest", () => {
  fc.assert(
    fc.property(rosters, (roster) => {
      const picked = strategies["least-connections"](roster);
      assert.equal(picked.load.connections, Math.min(...roster.map(({ load }) => load.connections)));
    }),
  );
});

test("two choices never takes the fullest of three or more, and spreads better than chance", () => {
  const spread = (name: "random" | "two-choices") => {
    const random = seededRandom(42);
    const loads = [0, 0, 0, 0];
    for (let index = 0; index < 4000; index++) {
      const roster = loads.map((load, i) => entry(`${i}`, load));
      const strategy: Strategy = strategies[name];
      const picked = Number(strategy(roster, { index }, random).server);
      loads[picked] = (loads[picked] as number) + 1;
    }
    return Math.max(...loads) - Math.min(...loads);
  };
  assert.ok(spread("two-choices") < spread("random") / 4);
  const lopsided = [entry("full", 100), entry("b", 1), entry("c", 2)];
  const random = seededRandom(1);
  for (let index = 0; index < 200; index++) {
    assert.notEqual(strategies["two-choices"](lopsided, { index }, random).server, "full");
  }
});

test("a server that has been silent for too long, drains or has said goodbye gets nobody", () => {
  const roster = new Roster();
  roster.heard(entry("silent", 0), 0);
  roster.heard(entry("draining", 0, true), 1000);
  roster.heard(entry("gone", 0), 1000);
  roster.heard(entry("here", 0), 1000);
  roster.gone("gone");
  assert.deepEqual(
    roster.available(silenceMsMax + 1).map(({ server }) => server),
    ["here"],
  );
});

test("clients that were sent to a server count before its next heartbeat says so", () => {
  const roster = new Roster();
  roster.heard(entry("a", 0), 0);
  roster.heard(entry("b", 0), 0);
  const sent = { a: 0, b: 0 };
  for (let i = 0; i < 10; i++) {
    const { server } = strategies["least-connections"](roster.available(1));
    roster.sent(server);
    sent[server as "a" | "b"]++;
  }
  assert.deepEqual(sent, { a: 5, b: 5 });
  roster.heard(entry("a", 5), 2);
  assert.deepEqual(
    roster.available(3).map(({ load }) => load.connections),
    [5, 5],
  );
});
