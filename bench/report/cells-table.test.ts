import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell } from "../document/cells-document.ts";
import { sampleCell, samplePilot, sampleRun } from "../document/testing/sample-run.ts";
import { imbalanceOf } from "../statistics/imbalance.ts";
import { median } from "../statistics/median.ts";
import { cellsPassed } from "./cells.ts";
import { cellsNotes } from "./cells-notes.ts";
import { htmlReport } from "./cells-report.ts";
import { cellColumns, cellsTable } from "./cells-table.ts";
import { figure } from "./figures.ts";

const failed = sampleCell({
  strategy: "two-choices",
  audit: {
    ...sampleCell().audit,
    lost: 1,
    passed: false,
    breaches: [{ promise: 1, what: "acknowledged & seen by <nobody>", group: 42, seq: 7, client: 3 }],
  },
});
const late = { code: "sends_late", detail: "40% of p99, 40 ms, is from before messages were sent" } as const;
const invalid = sampleCell({ valid: false, invalidReasons: [late] });

test("each cell has a row with its figures", () => {
  const table = cellsTable(sampleRun([sampleCell({ servers: 1 }), failed, invalid]));
  const rows = table.split("\n").filter((line) => /random|two-choices/.test(line));
  assert.equal(rows.length, 3);
  for (const part of ["4,800", "3 / 12", "40", "1.10", "passed"]) assert.ok(rows[0]?.includes(part), part);
  assert.match(rows[1] ?? "", /FAILED/);
  assert.match(rows[2] ?? "", /no/);
});

test("each figure stands in its own column", () => {
  const quantiles = { p50: 1, p90: 2, p99: 3, p999: 4, max: 5 };
  const delivery = { p50: 6, p90: 7, p99: 8, p999: 9, max: 10, uncorrected: quantiles };
  const cell = sampleCell({
    ackMs: quantiles,
    deliveryMs: delivery,
    serverCpuMicrosPerDelivery: 41,
    databaseCpuMicrosPerDelivery: 17,
    imbalance: { maxOverMean: 1.25, cv: 0.5, jain: 0.75 },
  });
  assert.deepEqual(
    cellColumns.map(({ of }) => of(cell)),
    ["2", "random", "4,800", "1 / 3", "6 / 8", "41", "17", "1.25", "0.2", "passed", "yes"],
  );
});

test("a broken promise has a line with the messages concerned, and a run without one has no lines", () => {
  const lines = cellsNotes(sampleRun([sampleCell(), failed])).join("\n");
  assert.match(lines, /lost 1/);
  assert.match(lines, /promise 1 \(acknowledged is durable\).*group 42, message 7, client 3/);
  assert.deepEqual(cellsNotes(sampleRun([sampleCell()])), []);
  assert.match(cellsNotes(sampleRun([sampleCell(), invalid])).join(), /sends_late: 40% of p99/);
  assert.match(cellsNotes(sampleRun([sampleCell({ failures: { no_outcome: 3 } })])).join(), /3 × no_outcome/);
});

test("the report has every row, the breaches and a chart, and no script or address", () => {
  const html = htmlReport(sampleRun([sampleCell(), failed, invalid]));
  assert.equal(html.match(/<tr class/g)?.length, 3);
  assert.match(html, /acknowledged &amp; seen by &lt;nobody&gt;/);
  assert.equal(html.match(/<circle/g)?.length, 12, "four quantiles a cell");
  assert.doesNotMatch(html, /<script|https?:\/\/(?!www\.w3\.org)/);
});

test("a cell that failed has a row without figures, in the terminal and in the report, and a line that says why", () => {
  const crash = { servers: 4, strategy: "random", code: "server_failed", message: "the server process ended with 1" };
  const run = sampleRun([sampleCell()], { failed: [crash] });
  assert.match(cellsTable(run), / 4 │ random .*FAILED: server_failed/);
  assert.match(htmlReport(run), /<tr class="failed"><td>4<td>random<td>–.*<td>FAILED: server_failed/);
  assert.match(cellsNotes(run).join(), /4 servers, random, failed with server_failed: the server process ended with 1/);
});

test("a cell whose second try failed keeps the figures of the first", () => {
  const failedTry = { code: "server_failed", message: "it ended" };
  const run = sampleRun([{ ...invalid, failedTry }]);
  assert.match(cellsTable(run), / random .*4,800.*no, 2nd try FAILED/);
  assert.match(htmlReport(run), /<tr class="failed"><td>2<td>random<td>4,800/);
  assert.match(
    cellsNotes(run).join(),
    /2 servers, random, was measured again, which failed with server_failed: it ended/,
  );
  assert.equal(cellsPassed(run), false);
});

test("a cell that was measured twice is marked, and a line says why", () => {
  const { earlierTries: _, ...first } = invalid;
  const run = sampleRun([sampleCell({ earlierTries: [first] })]);
  assert.match(cellsTable(run), /yes, 2nd try/);
  assert.match(cellsNotes(run).join(), /2 servers, random, was measured again: sends_late/);
});

test("a line reports connections that are not of this run", () => {
  assert.match(
    cellsNotes(sampleRun([sampleCell({ connectionsPerServer: [100, 103] })])).join(),
    /203 connections, 3 more/,
  );
});

test("a promise that was broken in the pilot has a line", () => {
  const pilot = samplePilot({ audit: failed.audit });
  assert.match(cellsNotes(sampleRun([sampleCell()], { pilot })).join("\n"), /^pilot: lost 1/);
});

test("each row shows what others used of the machine, where that is known", () => {
  const othersOf = (machine: Cell["machine"]) => cellsTable(sampleRun([sampleCell({ machine })]));
  assert.match(othersOf({ otherCpuCores: 1.26, stolenCpuCores: 0.11 }), / 1\.4 │ passed/);
  assert.match(othersOf({ otherCpuCores: null, stolenCpuCores: null }), / – │ passed/);
});

test("the report of a partial run says so before anything else", () => {
  const html = htmlReport(
    sampleRun([sampleCell()], { partial: { reason: "interrupted", at: "2/12 1 server, random" } }),
  );
  assert.match(html, /<title>PARTIAL: /);
  assert.match(html, /<h1>.*\n<p class="partial">PARTIAL RESULT: interrupted at "2\/12 1 server, random"/);
  assert.doesNotMatch(htmlReport(sampleRun()), /PARTIAL/);
});

test("a run in which nothing was delivered has a report", () => {
  const nothing = sampleCell({ deliveryMs: null, ackMs: null, deliveredPerSecond: 0 });
  assert.match(htmlReport(sampleRun([nothing])), /<table>/);
  assert.match(cellsTable(sampleRun([nothing])), / 0 │ +– │ +– │ +– │ +– │/, "no latency, no cost");
});

test("figures have three digits", () => {
  for (const [value, shown] of [
    [0, "0"],
    [0.012345, "0.0123"],
    [1.5, "1.5"],
    [12.34, "12.3"],
    [123.4, "123"],
    [123_456.7, "123,457"],
    [2, "2"],
  ] as const) {
    assert.equal(figure(value), shown);
  }
  assert.deepEqual([median([3, 1, 2]), median([1, 2, 3, 4])], [2, 2.5]);
});

test("imbalance is 1, 0 and 1 when all are even, and grows with the fullest", () => {
  assert.deepEqual(imbalanceOf([5, 5, 5]), { maxOverMean: 1, cv: 0, jain: 1 });
  const { maxOverMean, cv, jain } = imbalanceOf([9, 0, 0]);
  assert.deepEqual([maxOverMean, Math.round(cv * 1000), Math.round(jain * 1000)], [3, 1414, 333]);
  assert.deepEqual(imbalanceOf([0, 0]), { maxOverMean: 1, cv: 0, jain: 1 });
});
