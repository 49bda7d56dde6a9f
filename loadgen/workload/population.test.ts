import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/platform/random.ts";
import { drawPopulation, threadOf } from "./population.ts";
import { preset, type WorkloadText } from "./workload.ts";

function populationOf(clients: number, ...groups: WorkloadText["groups"]) {
  const workload = preset("rooms", { clients, groups });
  assert.ok(workload.ok);
  return drawPopulation(workload.value, seededRandom(1));
}

test("a group has as many different members as the workload says, few of many or all, and its founder is the first", () => {
  const { groups, clients } = populationOf(
    40,
    { count: 3, sizes: { kind: "fixed", size: 2 } },
    { count: 1, sizes: { kind: "fixed", size: 10 } },
    { count: 1, sizes: { kind: "fixed", size: 40 } },
  );
  assert.equal(clients, 40);
  assert.deepEqual(
    groups.map(({ members }) => members.length),
    [2, 2, 2, 10, 40],
  );
  for (const { founder, members } of groups) {
    assert.equal(founder, members[0]);
    assert.equal(new Set(members).size, members.length);
    assert.ok(members.every((member) => member >= 0 && member < 40));
  }
  assert.deepEqual(
    groups[4]?.members.toSorted((a, b) => a - b),
    Array.from({ length: 40 }, (_, i) => i),
  );
  assert.ok(new Set(groups.map(({ founder }) => founder)).size > 2, "founders are drawn");
});

test("sizes of a class fall with the rank, down to the smallest", () => {
  const { groups } = populationOf(60, { count: 5, sizes: { kind: "zipf", min: 14, max: 60, exponent: 1 } });
  assert.deepEqual(
    groups.map(({ members }) => members.length),
    [60, 30, 20, 15, 14],
  );
});

test("a class's weight is that of all its groups together, which share it by their activity", () => {
  const { groups } = populationOf(
    10,
    { count: 2, sizes: { kind: "fixed", size: 2 }, weight: 6, activityExponent: 1 },
    { count: 4, sizes: { kind: "fixed", size: 2 }, weight: 2, senders: "first" },
  );
  assert.deepEqual(
    groups.map(({ weight, senders }) => [Math.round(weight * 1000) / 1000, senders]),
    [
      [4, "any"],
      [2, "any"],
      [0.5, "first"],
      [0.5, "first"],
      [0.5, "first"],
      [0.5, "first"],
    ],
  );
});

test("clients are dealt out to the threads in turn", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((client) => threadOf(client, 3)),
    [0, 1, 2, 0, 1],
  );
});
