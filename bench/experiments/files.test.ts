import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptBenchmark, figureOf } from "../testing/acceptance.ts";
import { files, runFiles, transferFigures } from "./files.ts";

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

test("transfers are measured together over all rounds; lag and memory are those of the worst round, memory by each transfer", () => {
  const mebibyte = 1024 * 1024;
  const rounds = [
    { seconds: 2, cpuSeconds: 0.3, grownBytes: 8 * mebibyte, lagMs: 20 },
    { seconds: 6, cpuSeconds: 0.5, grownBytes: 4 * mebibyte, lagMs: 10 },
  ];
  assert.deepEqual(
    transferFigures("upload", rounds, 80, 4).map(({ value, unit }) => `${value} ${unit}`),
    ["20 MiB/s", "5 ms/MiB", "20 ms", "2 MiB"],
  );
});
