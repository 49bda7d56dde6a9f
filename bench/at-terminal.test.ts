import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, beforeEach, test } from "node:test";
import { runAtTerminal } from "./at-terminal.ts";
import type { CellsDocument } from "./document/cells-document.ts";
import { sampleCell, samplePilot, sampleRun } from "./document/testing/sample-run.ts";
import { cellsOf } from "./report/cells.ts";

const kind = cellsOf<"quick" | "load">("quick");

const scratch = mkdtempSync(path.join(tmpdir(), "at-terminal-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
// Results are written below the working directory.
beforeEach(() => process.chdir(mkdtempSync(path.join(scratch, "run-"))));

const failed = { ...sampleCell().audit, lost: 1, passed: false };
const { earlierTries: _, ...failedTry } = sampleCell({ audit: failed });

function newRun() {
  const printed: string[] = [];
  const { signal } = new AbortController();
  return {
    run: { signal, json: undefined, hasProgress: false, print: (line: string) => void printed.push(line) },
    printed,
  };
}

for (const [what, cells, code] of [
  ["0 when every audit has passed", [sampleCell(), sampleCell()], 0],
  ["0 when a cell is invalid", [sampleCell({ valid: false })], 0],
  ["1 when an audit has failed", [sampleCell(), sampleCell({ audit: failed })], 1],
  ["1 when the audit of a try that was repeated has failed", [sampleCell({ earlierTries: [failedTry] })], 1],
] as const) {
  test(`the exit code is ${what}`, async () => {
    const { run, printed } = newRun();
    assert.equal(await runAtTerminal(kind, run, async () => sampleRun(cells)), code);
    assert.match(printed.join("\n"), /results\.json/);
  });
}

const crash = { servers: 4, strategy: "random", code: "server_failed", message: "it ended" };
const broken: readonly (readonly [what: string, of: Partial<CellsDocument>])[] = [
  ["a cell has failed", { failed: [crash] }],
  ["the audit of the pilot has failed", { pilot: samplePilot({ audit: failed }) }],
];
for (const [what, of] of broken) {
  test(`the exit code is 1 when ${what}`, async () => {
    const { run } = newRun();
    assert.equal(await runAtTerminal(kind, run, async () => sampleRun([sampleCell()], of)), 1);
  });
}

test("a run that fails prints what it has measured and throws the cause", async () => {
  const { run, printed } = newRun();
  const cause = new Error("the load ended");
  await assert.rejects(
    runAtTerminal(kind, run, async (events) => {
      events.onMeasured?.(sampleRun());
      throw cause;
    }),
    cause,
  );
  assert.match(printed.join("\n"), /results\.json/);
});
