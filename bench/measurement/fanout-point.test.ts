import assert from "node:assert/strict";
import { test } from "node:test";
import { samplePoint } from "../document/testing/sample-points.ts";
import { fanoutPoint } from "./fanout-point.ts";

const { arm, round, ratePerSecond: _, ...measured } = samplePoint({ deliveredPerSecond: 5000 });
const workload = { arrivals: { kind: "constant", ratePerSecond: 100 }, durationSeconds: 4 } as const;
/** The readings around four seconds in which 20,000 messages were delivered. */
const before = { cpuSeconds: 10, databaseCpuSeconds: 3 };
const after = { cpuSeconds: 10.5, databaseCpuSeconds: 3.1 };
const of = { arm, round, workload, measured, before, after };

test("the CPU of a delivery is what server and database used in the measured time, by the deliveries in it", () => {
  const { ratePerSecond, serverCpuMicrosPerDelivery, databaseCpuMicrosPerDelivery } = fanoutPoint(of);
  assert.equal(ratePerSecond, 100);
  assert.equal(serverCpuMicrosPerDelivery, 25);
  assert.equal(Math.round(databaseCpuMicrosPerDelivery ?? 0), 5);
});

test("a cost that is not known, or of no delivery, is not made up; a closed loop has no rate", () => {
  const unread = fanoutPoint({ ...of, after: { ...after, databaseCpuSeconds: undefined } });
  assert.deepEqual([unread.serverCpuMicrosPerDelivery, unread.databaseCpuMicrosPerDelivery], [25, null]);
  const idle = fanoutPoint({ ...of, measured: { ...measured, deliveredPerSecond: 0 } });
  assert.deepEqual([idle.serverCpuMicrosPerDelivery, idle.databaseCpuMicrosPerDelivery], [0, null]);
  const saturated = { ...workload, arrivals: { kind: "saturate", inFlightPerGroup: 4 } } as const;
  assert.equal(fanoutPoint({ ...of, workload: saturated }).ratePerSecond, null);
});
