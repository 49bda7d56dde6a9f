import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { silentLog as log } from "../../core/platform/log.ts";
import { type Interruptible, interruptedAt } from "../report/interrupted-run.ts";
import type { FanoutDocument, IngestDocument, ScaleDocument } from "../report/results.ts";
import { figuresTable, ingestTables } from "../report/tables.ts";
import { sharedLaboratory as openLaboratory } from "../started/testing/shared-laboratory.ts";
import { runFanout } from "./fanout.ts";
import { ingestDefaults, runIngest } from "./ingest.ts";
import { runFiles, runLogins } from "./scale.ts";

suite("a benchmark that is interrupted ends, and has handed over what it measured:", () => {
  test("fanout, the points before", async () => {
    let steps = 0;
    const soFar = await interruptedAt(/at 100/, (watch: Interruptible<FanoutDocument>) =>
      runFanout({
        arms: ["bare-uws", "fastchat-uws"],
        rates: [50, 100],
        rounds: 1,
        clients: 6,
        groupSize: 3,
        payloadBytes: 128,
        durationSeconds: 0.3,
        warmUpSeconds: 0.1,
        log,
        openLaboratory,
        ...watch,
        onStep(what) {
          steps++;
          watch.onStep?.(what);
        },
      }),
    );
    assert.equal(steps, 3);
    assert.deepEqual(
      soFar?.points.map(({ arm, ratePerSecond }) => `${arm} ${ratePerSecond}`),
      ["bare-uws 50", "fastchat-uws 50"],
    );
    assert.notEqual(soFar?.environment.durability.fsync, "not used");
  });

  test("ingest, the batches before, of which none is cut off", async () => {
    const soFar = await interruptedAt(/20 rows by copy/, (watch: Interruptible<IngestDocument>) =>
      runIngest({
        ...ingestDefaults,
        rounds: 1,
        seconds: 0.1,
        groups: 20,
        crossoverRows: [1, 20],
        log,
        openLaboratory,
        ...watch,
      }),
    );
    assert.deepEqual(
      soFar?.crossover.map(({ rows, path }) => `${rows} ${path}`),
      ["1 statement", "1 copy", "20 statement"],
    );
    assert.ok(soFar && !/NaN/.test(ingestTables(soFar)));
    assert.doesNotMatch(ingestTables({ ...soFar, saturated: [], paced: [], crossover: [] }), /NaN|rows/);
  });

  test("logins, nothing when they have only begun", async () => {
    const soFar = await interruptedAt(/for 60 s/, (watch: Interruptible<ScaleDocument>) =>
      runLogins({ perSecond: 20, seconds: 60, log, openLaboratory, ...watch }),
    );
    assert.equal(soFar, undefined);
  });

  test("files, the rounds before", async () => {
    const soFar = await interruptedAt(/round 2/, (watch: Interruptible<ScaleDocument>) =>
      runFiles({ mebibytes: 0.1, atOnce: 2, rounds: 3, log, openLaboratory, ...watch }),
    );
    assert.equal(soFar?.figures.find(({ name }) => name === "rounds")?.value, 1);
    assert.match(soFar ? figuresTable(soFar) : "", /upload, together/);
  });
});
