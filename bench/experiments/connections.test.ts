import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptBenchmark, figureOf } from "../testing/acceptance.ts";
import { connectionFigures, connections, runConnections } from "./connections.ts";

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

test("a connection takes its part of the memory that came with all of them", () => {
  const mebibyte = 1024 * 1024;
  const figures = connectionFigures({ before: 100 * mebibyte, after: 110 * mebibyte, connected: 2048 });
  assert.deepEqual(
    figures.map(({ value, unit }) => `${value} ${unit}`),
    ["2048 ", "100 MiB", "110 MiB", "5 KiB"],
  );
});
