import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleCell, samplePilot, sampleRun } from "../document/testing/sample-run.ts";
import { preamble } from "./cells-preamble.ts";

const preambleOf = (...of: Parameters<typeof sampleRun>) => preamble(sampleRun(...of)).join("\n");
const refused = (ratePerSecond: number) => ({
  ratePerSecond,
  held: false,
  reasons: ["slow: p99 400 ms"],
  deliveryP99Ms: 400,
});
const held = (ratePerSecond: number) => ({ ratePerSecond, held: true, reasons: [], deliveryP99Ms: 10 });

test("of a pilot that held every rate, the preamble names the highest, and the bound on the cells' rate", () => {
  const text = preambleOf();
  assert.match(text, /4 servers held 500 messages\/s, the most that it tries; cells are measured at 250: half of that/);
  assert.match(text, /200 simulated users write at that rate in all cells/);
});

test("of a pilot that did not hold a rate, the preamble says which, and why", () => {
  const pilot = samplePilot({
    rungs: [held(125), refused(250), refused(250)],
    heldPerSecond: 125,
    ratePerSecond: 62.5,
  });
  assert.match(
    preambleOf([sampleCell()], { pilot }),
    /held 125 .* not 250 \(slow: p99 400 ms\); cells are measured at 62.5: half of that\./,
  );
});

test("of a rate that is more than half of what was held, the preamble says that it is the least", () => {
  const pilot = samplePilot({ rungs: [held(31.25), refused(62.5)], heldPerSecond: 31.25, ratePerSecond: 31.25 });
  assert.match(
    preambleOf([sampleCell()], { pilot }),
    /at 31.3: more than half of that, but the least that makes a 99th percentile/,
  );
});

test("for a machine that holds no rate, the preamble says what the figures mean", () => {
  const pilot = samplePilot({ rungs: [refused(31.25), refused(31.25)], heldPerSecond: null, ratePerSecond: 31.25 });
  assert.match(
    preambleOf([sampleCell()], { pilot }),
    /did not even hold 31.3 .*latencies show what keeps this machine busy/,
  );
});

test("of a pilot that failed, the preamble has the code", () => {
  const failure = { code: "offline", message: "nobody answers" };
  const pilot = samplePilot({ rungs: [], heldPerSecond: null, ratePerSecond: 31.25, failure });
  assert.match(preambleOf([sampleCell()], { pilot }), /The pilot with 4 servers failed \(offline: nobody answers\)/);
});

test("for a rate that was given, the preamble says that there was no pilot", () => {
  assert.match(
    preambleOf([sampleCell()], { pilot: null }),
    /^Without a pilot, since the rate was given: .* 200 messages\/s/,
  );
});

test("the preamble has the machine's load before the run, what others used of it, and its limit", () => {
  const { environment } = sampleRun();
  const busy = (otherCpuCores: number | null, stolenCpuCores: number | null) =>
    sampleCell({ machine: { otherCpuCores, stolenCpuCores } });
  assert.match(
    preambleOf([busy(0.5, 0), busy(1.5, 0)]),
    /load average before the run was 0.1; .* other programs used 1\.0 of its cores \(0\.5 to 1\.5\)\./,
  );
  assert.match(preambleOf([busy(0.5, 0.1)]), /in all latencies/);
  assert.doesNotMatch(preambleOf([busy(0.4, 0.05)]), /in all latencies/);
  assert.match(preambleOf([busy(0, 0.2)]), /other virtual machines used 0.2 of its cores\./);
  assert.match(preambleOf([busy(null, null)]), /was 0.1\.$/);
  const limited = { environment: { ...environment, cpuLimitCores: 0.5 } };
  assert.match(preambleOf([sampleCell()], limited), /2 cores, of which it gives this run 0.5 at most/);
});
