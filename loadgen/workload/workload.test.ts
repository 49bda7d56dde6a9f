import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWorkload, preset, presetNames, presets } from "./workload.ts";

const refusal = (json: unknown) => {
  const parsed = parseWorkload(json);
  return parsed.ok ? "accepted" : parsed.reason;
};

test("every preset is a workload, and may be overridden", () => {
  for (const name of presetNames) assert.ok(preset(name).ok, name);
  const changed = preset("dm", { clients: 10, groups: [{ count: 2, sizes: { kind: "fixed", size: 2 } }] });
  assert.equal(changed.ok && changed.value.clients, 10);
});

test("a wrong key or value is refused, with its path and what is wrong", () => {
  const good = presets.rooms;
  for (const [what, json, reason] of [
    ["an unknown key", { ...good, rate: 5 }, /rate/],
    ["an unknown key in an object", { ...good, churn: { awayShare: 0.1, away: 1 } }, /away/],
    ["no name", { ...good, name: undefined }, /name/],
    ["a share above one", { ...good, churn: { awayShare: 1.5 } }, /awayShare/],
    ["no clients", { ...good, clients: 0 }, /clients/],
    ["half a client", { ...good, clients: 1.5 }, /clients/],
    ["no groups", { ...good, groups: [] }, /groups/],
    ["an unknown kind of arrivals", { ...good, arrivals: { kind: "bursty" } }, /arrivals/],
    ["a rate of nothing", { ...good, arrivals: { kind: "constant", ratePerSecond: 0 } }, /ratePerSecond/],
    ["a group larger than there are clients", { ...good, clients: 10 }, /60 members needs as many clients/],
    [
      "sizes the wrong way round",
      { ...good, groups: [{ count: 1, sizes: { kind: "zipf", min: 9, max: 5, exponent: 1 } }] },
      /min is over max\n.*groups\[0\]\.sizes$/,
    ],
    [
      "a fixed size over the clients",
      { ...good, clients: 3, groups: [{ count: 1, sizes: { kind: "fixed", size: 4 } }] },
      /^groups\[0\]\.sizes: a group of 4 members needs as many clients, there are 3$/,
    ],
    [
      "a second group that is too large",
      {
        ...good,
        clients: 3,
        groups: [
          { count: 1, sizes: { kind: "fixed", size: 3 } },
          { count: 1, sizes: { kind: "zipf", min: 1, max: 5, exponent: 1 } },
        ],
      },
      /^groups\[1\]\.sizes: a group of 5 members/,
    ],
    [
      "lengths the wrong way round",
      { ...good, payload: { kind: "uniform", min: 9, max: 5 } },
      /min is over max\n.*payload$/,
    ],
    ["no object", "rooms", /object/],
    ["nothing", null, /object/],
  ] as const) {
    assert.match(refusal(json), reason, what);
  }
});

test("what is just allowed is a workload", () => {
  const groups = [
    { count: 1, sizes: { kind: "fixed", size: 5 } },
    { count: 1, sizes: { kind: "zipf", min: 5, max: 5, exponent: 1 } },
  ];
  const payload = { kind: "uniform", min: 9, max: 9 };
  assert.ok(parseWorkload({ ...presets.rooms, clients: 5, groups, payload }).ok);
});
