import assert from "node:assert/strict";
import { acceptBenchmark } from "../testing/acceptance.ts";
import { ingest, runIngest } from "./ingest.ts";

const tiny = { rounds: 1, seconds: 0.1, payloadBytes: 200, groups: 50, crossoverRows: [1, 20] };

acceptBenchmark(ingest, {
  tiny: {
    fact: "measures the writer, a bare COPY, and the batch size at which the two ways of committing cross",
    run: (parts) => runIngest(tiny, parts),
    check(run) {
      assert.equal(run.crossover.length, 4);
      for (const { rowsPerSecond } of run.saturated) assert.ok(rowsPerSecond > 0);
      assert.match(ingest.table(run), /bare copy/);
    },
  },
  interrupted: [
    {
      fact: "the batches before, and none that was cut off",
      at: /20 rows by copy/,
      run: (parts) => runIngest({ ...tiny, groups: 20 }, parts),
      check(soFar) {
        assert.deepEqual(
          soFar?.crossover.map(({ rows, path }) => `${rows} ${path}`),
          ["1 statement", "1 copy", "20 statement"],
        );
        assert.ok(soFar);
        assert.doesNotMatch(ingest.table({ ...soFar, saturated: [], paced: [], crossover: [] }), /NaN|rows/);
      },
    },
  ],
});
