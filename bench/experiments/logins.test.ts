import assert from "node:assert/strict";
import { acceptBenchmark, figureOf } from "../testing/acceptance.ts";
import { logins, runLogins } from "./logins.ts";

acceptBenchmark(logins, {
  tiny: {
    fact: "all logins succeed",
    run: (parts) => runLogins({ perSecond: 20, seconds: 0.5 }, parts),
    check(run) {
      assert.equal(figureOf(run, "logins failed or refused"), 0);
      assert.ok(run.figures.length > 2);
    },
  },
  interrupted: [
    {
      fact: "nothing, since the logins have only begun",
      at: /for 60 s/,
      run: (parts) => runLogins({ perSecond: 20, seconds: 60 }, parts),
      check: (soFar) => assert.equal(soFar, undefined),
    },
  ],
});
