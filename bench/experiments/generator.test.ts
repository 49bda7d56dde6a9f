import assert from "node:assert/strict";
import { acceptBenchmark, figureOf } from "../testing/acceptance.ts";
import { generator, runGenerator } from "./generator.ts";

const tiny = { clients: 50, ratePerSecond: 100, seconds: 0.5 };

acceptBenchmark(generator, {
  tiny: {
    fact: "audits the deliveries that it is measured by",
    run: (parts) => runGenerator(tiny, parts),
    check(run) {
      assert.equal(figureOf(run, "audit passed"), 1);
      assert.ok(run.figures.length > 2);
    },
  },
  interrupted: [
    {
      fact: "nothing, since no message was due",
      at: /users in groups of 50/,
      run: (parts) => runGenerator(tiny, parts),
      check: (soFar) => assert.equal(soFar, undefined),
    },
  ],
});
