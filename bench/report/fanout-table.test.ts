import assert from "node:assert/strict";
import { test } from "node:test";
import { samplePoint } from "../document/testing/sample-points.ts";
import { fanoutNotes, fanoutPassed, fanoutTable } from "./fanout-table.ts";

const bare = (serverCpuMicrosPerDelivery: number, of = {}) => samplePoint({ serverCpuMicrosPerDelivery, ...of });
const fastChat = (server: number, database: number, of = {}) =>
  samplePoint({
    arm: "fastchat-uws",
    serverCpuMicrosPerDelivery: server,
    databaseCpuMicrosPerDelivery: database,
    ...of,
  });

/** The cells of the row that begins so. */
function row(points: Parameters<typeof fanoutTable>[0]["points"], arm: string): string[] {
  const line = fanoutTable({ points })
    .split("\n")
    .find((text) => text.includes(`${arm} at`));
  return (line ?? "")
    .split("│")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

test("an arm's cost is that of its server and its database together, as a multiple of the bare arm's at the same rate", () => {
  const points = [bare(4), fastChat(5, 3), bare(1, { ratePerSecond: 2000 }), fastChat(9, 9, { ratePerSecond: 2000 })];
  assert.deepEqual(row(points, "fastchat-uws").slice(1, 6), ["50,000", "5", "3", "8", "2.00 ×"]);
  assert.equal(row(points, "bare-uws")[5], "1.00 ×");
});

test("rounds are summed up by their medians, without those in which nothing was delivered", () => {
  const points = [
    ...[10, 2, 4].map((micros, round) => bare(micros, { round })),
    bare(0, { round: 3, deliveredPerSecond: 0 }),
  ];
  assert.equal(row(points, "bare-uws")[4], "4");
});

test("an arm is complete and valid only if it was so in every round", () => {
  const last = (...of: readonly object[]) =>
    row(
      of.map((point, round) => bare(4, { round, ...point })),
      "bare-uws",
    ).slice(-2);
  assert.deepEqual(last({}, {}), ["yes", "yes"]);
  assert.deepEqual(last({ complete: false }, {}), ["NO", "yes"]);
  assert.deepEqual(last({}, { valid: false }), ["yes", "no"]);
});

test("incomplete and invalid points and broken promises have a line each, and a run with an incomplete point has not passed", () => {
  const reason = { code: "generator_busy", detail: "100%" } as const;
  const breach = { promise: 1, what: "acknowledged and seen by nobody", group: 4, seq: 7 } as const;
  const points = [
    bare(4),
    fastChat(5, 3, { round: 1, complete: false, breaches: [breach], valid: false, invalidReasons: [reason] }),
  ];
  assert.deepEqual(fanoutNotes({ points }), [
    "fastchat-uws at 1,000/s, round 2: not every message reached all members",
    "fastchat-uws at 1,000/s, round 2 is not valid: generator_busy: 100%",
    "fastchat-uws at 1,000/s, round 2: promise 1 (acknowledged is durable): acknowledged and seen by nobody [group 4, message 7]",
  ]);
  assert.equal(fanoutPassed({ points }), false);
  assert.equal(fanoutPassed({ points: points.slice(0, 1) }), true);
});
