import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { itemAt } from "../../platform/item-at.ts";
import { seededRandom } from "../../platform/random.ts";
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
    const before = fc.option(fc.nat(12), { nil: undefined }).map((i) => (i === undefined ? i : `s${i}`));
    fc.assert(
      fc.property(rosters, before, fc.nat(), (roster, after, seed) => {
        const picked = strategy(roster, { after }, seededRandom(seed));
        assert.ok(roster.includes(picked));
        assert.equal(strategy(roster, { after }, seededRandom(seed)), picked);
      }),
    );
  }
});

test("round robin takes the servers in turn", () => {
  const roster = ["a", "b", "c"].map((server) => entry(server, 0));
  assert.deepEqual(sentInTurn([roster, roster, roster, roster, roster]), ["a", "b", "c", "a", "b"]);
});

test("round robin treats servers that stay alike, whichever others come and go, and takes no server twice in a row", () => {
  const names = ["s0", "s1", "s10", "s11", "s2", "s3"];
  // Each roster often stays the same for a while.
  const times = fc.tuple(fc.subarray(names), fc.integer({ min: 1, max: 12 }));
  fc.assert(
    fc.property(fc.subarray(names), fc.array(times, { minLength: 1, maxLength: 20 }), (staying, changes) => {
      const rostersInTime = changes.flatMap(([others, arrivals]) => {
        const roster = names.filter((name) => staying.includes(name) || others.includes(name));
        return roster.length === 0 ? [] : Array.from({ length: arrivals }, () => roster.map((name) => entry(name, 0)));
      });
      const sent = sentInTurn(rostersInTime);
      for (const [i, roster] of rostersInTime.entries()) {
        assert.ok(roster.length === 1 || sent[i] !== sent[i - 1], `${sent.join()} at ${i}`);
      }
      if (staying.length < 2) return;
      for (let from = 0; from < sent.length; from++) {
        const counts = new Map(staying.map((name) => [name, 0]));
        for (const server of sent.slice(from)) {
          if (counts.has(server)) counts.set(server, (counts.get(server) ?? 0) + 1);
          assert.ok(unevenness([...counts.values()]) <= 1, `${sent.join()} from ${from}`);
        }
      }
    }),
  );
});

const unevenness = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);

/** The servers that round robin picks for one arrival after the other, each with the roster of its time. */
function sentInTurn(rostersInTime: readonly (readonly RosterEntry[])[]): string[] {
  let after: string | undefined;
  return rostersInTime.map((roster) => {
    after = strategies["round-robin"](roster, { after }).server;
    return after;
  });
}

test("least connections takes the emptiest, and the first of several", () => {
  assert.equal(strategies["least-connections"]([entry("a", 2), entry("b", 1), entry("c", 1)]).server, "b");
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
    let after: string | undefined;
    for (let arrivals = 0; arrivals < 4000; arrivals++) {
      const roster = loads.map((load, i) => entry(`${i}`, load));
      const strategy: Strategy = strategies[name];
      after = strategy(roster, { after }, random).server;
      const picked = Number(after);
      loads[picked] = itemAt(loads, picked) + 1;
    }
    return Math.max(...loads) - Math.min(...loads);
  };
  assert.ok(spread("two-choices") < spread("random") / 4);
  const lopsided = [entry("full", 100), entry("b", 1), entry("c", 2)];
  const random = seededRandom(1);
  for (let arrivals = 0; arrivals < 200; arrivals++) {
    assert.notEqual(strategies["two-choices"](lopsided, { after: undefined }, random).server, "full");
  }
});

test("a server that has been silent for too long, drains or has said goodbye gets no clients", () => {
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

test("clients that were sent to a server count before its next heartbeat", () => {
  const roster = new Roster();
  roster.heard(entry("a", 0), 0);
  roster.heard(entry("b", 0), 0);
  const sent = Array.from({ length: 10 }, () => {
    const { server } = strategies["least-connections"](roster.available(1));
    roster.sent(server);
    return server;
  });
  assert.deepEqual(
    ["a", "b"].map((server) => sent.filter((to) => to === server).length),
    [5, 5],
  );
  roster.heard(entry("a", 5), 2);
  assert.deepEqual(
    roster.available(3).map(({ load }) => load.connections),
    [5, 5],
  );
});
