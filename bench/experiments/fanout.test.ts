import assert from "node:assert/strict";
import { availableArms, fanoutArms } from "../measurement/fanout-arms.ts";
import { acceptBenchmark } from "../testing/acceptance.ts";
import { fanout, runFanout } from "./fanout.ts";

const tiny = {
  arms: availableArms(),
  rates: [50, "saturated"],
  rounds: 1,
  clients: 4,
  groupSize: 2,
  payloadBytes: 128,
  durationSeconds: 0.2,
  warmUpSeconds: 0.1,
} as const;

const two = fanoutArms.filter(({ name }) => ["bare-uws", "fastchat-uws"].includes(name));

acceptBenchmark(fanout, {
  tiny: {
    fact: "measures every arm at every rate",
    run: (parts) => runFanout(tiny, parts),
    check(run) {
      assert.equal(run.points.length, tiny.arms.length * 2);
      for (const point of run.points) assert.ok(point.complete, JSON.stringify(point));
      // On a busy machine nothing may arrive within the few milliseconds that one point is measured.
      assert.ok(run.points.some(({ deliveredPerSecond }) => deliveredPerSecond > 0));
      assert.match(fanout.table(run), /fastchat-ws at saturation/);
      const idle = run.points.map((point) => ({ ...point, deliveredPerSecond: 0, serverCpuMicrosPerDelivery: 0 }));
      assert.match(fanout.table({ ...run, points: idle }), /bare-uws at 50\/s +│ +0 │ +– │ +– │ +– │ +– │/, "no cost");
    },
  },
  interrupted: [
    {
      fact: "the points before",
      at: /at 100/,
      async run(parts) {
        let steps = 0;
        const settings = { ...tiny, arms: two, rates: [50, 100], clients: 6, groupSize: 3, durationSeconds: 0.3 };
        const run = runFanout(settings, {
          ...parts,
          onStep(what) {
            steps++;
            parts.onStep?.(what);
          },
        });
        return run.finally(() => assert.equal(steps, 3));
      },
      check(soFar) {
        assert.deepEqual(
          soFar?.points.map(({ arm, ratePerSecond }) => `${arm} ${ratePerSecond}`),
          ["bare-uws 50", "fastchat-uws 50"],
        );
        assert.notEqual(soFar?.environment.durability.fsync, "not used");
      },
    },
  ],
});
