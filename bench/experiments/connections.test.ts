import assert from "node:assert/strict";
import { acceptBenchmark, figureOf } from "../testing/acceptance.ts";
import { connections, runConnections } from "./connections.ts";

const tiny = { connections: 20, quietSeconds: 0.1 };

acceptBenchmark(connections, {
  tiny: {
    fact: "counts the connections that it measures",
    run: (parts) => runConnections(tiny, parts),
    check(run) {
      assert.equal(figureOf(run, "logged-in connections"), 20);
      assert.ok(run.figures.length > 2);
      const shrunk = run.figures.map((of) => ({ ...of, value: of.name === "server memory each" ? -1 : of.value }));
      assert.equal(connections.notes?.({ ...run, figures: shrunk }).length, 1);
    },
  },
  interrupted: [
    {
      fact: "the memory before the users came",
      at: /log in and stay/,
      run: (parts) => runConnections(tiny, parts),
      check: (soFar) => assert.ok(figureOf(soFar, "server memory before")),
    },
  ],
});
