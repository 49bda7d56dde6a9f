import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { strategyNames } from "../../core/cluster/assigning/strategies.ts";
import { Failure } from "../../core/platform/failure.ts";
import { silentLog } from "../../core/platform/log.ts";
import { preset, type WorkloadText } from "../../loadgen/workload/workload.ts";
import type { CellsDocument } from "../document/cells-document.ts";
import { sampleCell } from "../document/testing/sample-run.ts";
import { Laboratory } from "../started/laboratory.ts";
import { sharedLaboratory } from "../started/testing/shared-laboratory.ts";
import { acceptBenchmark } from "../testing/acceptance.ts";
import { quick, quickSeconds, quickWorkload, runQuick, spoiled } from "./quick.ts";

const { signal } = new AbortController();
const parts = { log: silentLog, signal, openLaboratory: sharedLaboratory };

function tiny(of: Partial<WorkloadText> = {}) {
  const workload = preset("rooms", {
    clients: 8,
    groups: [{ count: 2, sizes: { kind: "fixed", size: 4 } }],
    arrivals: { kind: "constant", ratePerSecond: 40 },
    churn: {},
    keyPairs: 1,
    warmUpSeconds: 0.1,
    durationSeconds: 0.5,
    ...of,
  });
  assert.ok(workload.ok);
  const { value } = workload;
  return { servers: [1], strategies: ["random"], workload: value, transport: "uws" } as const;
}

acceptBenchmark(quick, {
  tiny: {
    fact: "measures a cell for each server count and strategy, in a laboratory of its own, and audits it",
    async run(parts) {
      const workload = preset("rooms", {
        clients: 12,
        groups: [{ count: 3, sizes: { kind: "fixed", size: 4 } }],
        arrivals: { kind: "poisson", ratePerSecond: 60 },
        keyPairs: 1,
        churn: { awayShare: 0.2, awaySeconds: 0.3, removedShare: 0.3, removedSeconds: 0.2 },
        warmUpSeconds: 0.1,
        durationSeconds: 0.7,
      });
      assert.ok(workload.ok);
      const strategies = ["round-robin", "two-choices"] as const;
      return runQuick(
        { servers: [1, 2], strategies, workload: workload.value, transport: "uws" },
        { ...parts, openLaboratory: Laboratory.open },
      );
    },
    check(run) {
      assert.deepEqual(
        run.cells.map(({ servers, strategy }) => `${servers} ${strategy}`),
        ["1 round-robin", "1 two-choices", "2 round-robin", "2 two-choices"],
      );
      for (const cell of run.cells) {
        assert.ok(cell.audit.passed, JSON.stringify(cell.audit.breaches));
        assert.equal(
          cell.connectionsPerServer.reduce((sum, count) => sum + count, 0),
          12,
        );
        assert.ok(cell.deliveredPerSecond > 0 && cell.serverCpuMicrosPerDelivery > 0);
      }
      assert.ok(run.cells[2]?.crossServerCopiesPerMessage, "messages cross between two servers");
    },
  },
  interrupted: [
    {
      fact: "the cells before",
      at: /^1 server, two-choices/,
      run: (watch) => runQuick({ ...tiny(), strategies: ["random", "two-choices"] }, watch),
      check: (soFar) =>
        assert.deepEqual(
          soFar?.cells.map(({ servers, strategy }) => `${servers} ${strategy}`),
          ["1 random"],
        ),
    },
  ],
});

test("a pilot and a cell that fail are in the result with their reasons, and the other cells are measured at the lowest rate", async () => {
  const measured: CellsDocument[] = [];
  const settings = { ...tiny(), servers: [65, 1], fitted: true }; // The settings refuse 65.
  const run = await runQuick(settings, { ...parts, onMeasured: (soFar) => measured.push(soFar) });
  assert.match(run.pilot?.failure?.message ?? "", /from 1 to 64/);
  assert.equal(run.pilot?.ratePerSecond, run.pilot?.ratePerSecondMin);
  assert.deepEqual(
    run.cells.map(({ servers }) => servers),
    [1],
  );
  assert.equal(run.failed.length, 1);
  assert.match(run.failed[0]?.message ?? "", /from 1 to 64/);
  assert.deepEqual(
    // Later documents are left out: on a busy machine, the second cell is measured once more.
    measured.slice(0, 2).map(({ cells, failed }) => [cells.length, failed.length]),
    [
      [0, 1],
      [1, 1],
    ],
  );
  quick.schema.parse(run);
});

/** A rate that no generator can offer. */
const spoiling = {
  arrivals: { kind: "constant", ratePerSecond: 200_000 },
  encryption: { mode: "sealed" },
  warmUpSeconds: 0,
  durationSeconds: 0.03,
  settleSeconds: 60,
} as const;

test("a cell that is invalid because of the generator is measured once more, and its first try is kept with the reason", async () => {
  const steps: string[] = [];
  const run = await runQuick(tiny(spoiling), {
    ...parts,
    onStep: (what, step) => steps.push(`${step?.number}/${step?.of} ${what}`),
  });
  assert.deepEqual(steps.slice(-2), ["1/1 1 server, random", "2/2 again 1 server, random"]);
  const [cell] = run.cells;
  assert.equal(run.cells.length, 1);
  assert.equal(cell?.earlierTries.length, 1);
  assert.ok(cell?.earlierTries[0] && spoiled(cell.earlierTries[0]));
  quick.schema.parse(run);
});

test("a cell whose second try fails is once in the result, with the first try's figures and the failure", async () => {
  const measured: CellsDocument[] = [];
  const run = await runQuick(tiny(spoiling), {
    ...parts,
    onMeasured: (soFar) => measured.push(soFar),
    async openLaboratory(log, keyPairs) {
      const laboratory = await sharedLaboratory(log, keyPairs);
      const serveConfig = laboratory.serveConfig.bind(laboratory);
      let cells = 0;
      laboratory.serveConfig = (of) => {
        if (++cells === 2) throw new Failure("server_failed", "it ended", "see its log");
        return serveConfig(of);
      };
      return laboratory;
    },
  });
  assert.deepEqual(run.failed, []);
  const [cell, ...others] = run.cells;
  assert.deepEqual(others, []);
  assert.deepEqual(cell, { ...measured[0]?.cells[0], failedTry: { code: "server_failed", message: "it ended" } });
  assert.equal(cell?.valid, false);
  quick.schema.parse(run);
});

test("a pilot finds the rate of all cells, and the result has the rates that it tried", async () => {
  const run = await runQuick({ ...tiny(), fitted: true }, parts);
  const { pilot, workload } = run;
  assert.ok(pilot && pilot.failure === null, JSON.stringify(pilot));
  assert.deepEqual(workload.arrivals, { kind: "poisson", ratePerSecond: pilot.ratePerSecond });
  assert.ok(pilot.rungs.length >= 2);
  assert.ok(pilot.audit?.passed, JSON.stringify(pilot.audit?.breaches));
  const sent = pilot.rungs.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0);
  assert.ok(pilot.audit.sent > sent / 2, "all rungs are audited");
  quick.schema.parse(run);
});

test("a cell is tried again only if it is invalid because of the generator, and never after a broken promise", () => {
  const invalid = (code: "sends_late" | "unsettled", passed = true) =>
    sampleCell({
      valid: false,
      invalidReasons: [{ code, detail: "…" }],
      audit: { ...sampleCell().audit, passed },
    });
  assert.equal(spoiled(sampleCell()), false);
  assert.equal(spoiled(invalid("sends_late")), true);
  assert.equal(spoiled(invalid("unsettled")), false);
  assert.equal(spoiled(invalid("sends_late", false)), false);
});

test("a run measures every strategy by default, and the more cells, the less time each gets", () => {
  assert.deepEqual(z.object(quick.options).parse({}).strategies, strategyNames);
  assert.equal(quickSeconds(12), 6);
  assert.equal(quickSeconds(1), 6);
  assert.equal(quickSeconds(18), 4);
  assert.equal(quickSeconds(1000), 3);
});

test("any number of clients makes a workload, whose rooms have no more members than there are clients", () => {
  for (const clients of [1, 2, 10, 59, 60, 200, 1000, 5000]) {
    const { groups } = quickWorkload({ clients, seconds: 6 });
    const sizes = groups[0]?.sizes;
    assert.ok(sizes?.kind === "zipf" && sizes.max <= clients, String(clients));
  }
  assert.equal(quickWorkload({ clients: 200, seconds: 6 }).groups[0]?.count, 24);
  assert.equal(quickWorkload({ clients: 1000, seconds: 6 }).groups[0]?.count, 120);
});
