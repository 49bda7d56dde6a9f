import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleCell, samplePilot, sampleRun } from "../document/testing/sample-run.ts";
import { preamble } from "./cells-preamble.ts";

const told = (...of: Parameters<typeof sampleRun>) => preamble(sampleRun(...of)).join("\n");
const refused = (ratePerSecond: number) => ({
  ratePerSecond,
  held: false,
  reasons: ["slow: p99 400 ms"],
  deliveryP99Ms: 400,
});
const held = (ratePerSecond: number) => ({ ratePerSecond, held: true, reasons: [], deliveryP99Ms: 10 });

test("a pilot that held all that it tries is told with the bound on the cells' rate", () => {
  const text = told();
  assert.match(text, /4 servers held 500 messages\/s, the most that it tries; cells are measured at 250: half of that/);
  assert.match(text, /200 simulated users write at that rate in all cells/);
});

test("a pilot that did not hold a rate says which, and why", () => {
  const pilot = samplePilot({
    rungs: [held(125), refused(250), refused(250)],
    heldPerSecond: 125,
    ratePerSecond: 62.5,
  });
  assert.match(
    told([sampleCell()], { pilot }),
    /held 125 .* not 250 \(slow: p99 400 ms\); cells are measured at 62.5: half of that\./,
  );
});

test("a rate that is more than half of what was held is told as the least", () => {
  const pilot = samplePilot({ rungs: [held(31.25), refused(62.5)], heldPerSecond: 31.25, ratePerSecond: 31.25 });
  assert.match(
    told([sampleCell()], { pilot }),
    /at 31.3: more than half of that, but the least that makes a 99th percentile/,
  );
});

test("a machine that holds nothing is told what its figures mean", () => {
  const pilot = samplePilot({ rungs: [refused(31.25), refused(31.25)], heldPerSecond: null, ratePerSecond: 31.25 });
  assert.match(
    told([sampleCell()], { pilot }),
    /did not even hold 31.3 .*latencies tell of what keeps this machine busy/,
  );
});

test("a pilot that failed is told with its code", () => {
  const failure = { code: "offline", message: "nobody answers" };
  const pilot = samplePilot({ rungs: [], heldPerSecond: null, ratePerSecond: 31.25, failure });
  assert.match(told([sampleCell()], { pilot }), /The pilot with 4 servers failed \(offline: nobody answers\)/);
});

test("a rate that was given is told as one without a pilot", () => {
  assert.match(told([sampleCell()], { pilot: null }), /^Without a pilot, since the rate was given: .* 200 messages\/s/);
});

test("the machine is told with its load before, what others had of it, and a limit", () => {
  const { environment } = sampleRun();
  const busy = (otherCpuCores: number | null, stolenCpuCores: number | null) =>
    sampleCell({ machine: { otherCpuCores, stolenCpuCores } });
  assert.match(
    told([busy(0.5, 0), busy(1.5, 0)]),
    /load average before the run was 0.1; .* other programs used 1\.0 of its cores \(0\.5 to 1\.5\)\./,
  );
  assert.match(told([busy(0.5, 0.1)]), /in all latencies/);
  assert.doesNotMatch(told([busy(0.4, 0.05)]), /in all latencies/);
  assert.match(told([busy(0, 0.2)]), /other virtual machines used 0.2 of its cores\./);
  assert.match(told([busy(null, null)]), /was 0.1\.$/);
  const limited = { environment: { ...environment, cpuLimitCores: 0.5 } };
  assert.match(told([sampleCell()], limited), /2 cores, of which it gives this run 0.5 at most/);
});
