import assert from "node:assert/strict";
import { acceptBenchmark, figureOf } from "../testing/acceptance.ts";
import { files, runFiles } from "./files.ts";

acceptBenchmark(files, {
  tiny: {
    fact: "go to the server and back",
    run: (parts) => runFiles({ mebibytes: 0.2, atOnce: 2, rounds: 1 }, parts),
    check: (run) => assert.ok((figureOf(run, "download, together") ?? 0) > 0),
  },
  interrupted: [
    {
      fact: "the rounds before",
      at: /round 2/,
      run: (parts) => runFiles({ mebibytes: 0.1, atOnce: 2, rounds: 3 }, parts),
      check(soFar) {
        assert.equal(figureOf(soFar, "rounds"), 1);
        assert.match(soFar ? files.table(soFar) : "", /upload, together/);
      },
    },
  ],
});
