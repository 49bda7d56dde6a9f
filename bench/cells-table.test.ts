import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsTable, conclusion, notes } from "./cells-table.ts";
import { figure, median } from "./figures.ts";
import { imbalanceOf } from "./imbalance.ts";
import { htmlReport } from "./report.ts";
import { sampleCell, sampleRun } from "./sample-run.ts";

const failed = sampleCell({
  strategy: "two-choices",
  audit: {
    ...sampleCell().audit,
    lost: 1,
    passed: false,
    breaches: [{ promise: 1, what: "acknowledged & seen by <nobody>", group: 42, seq: 7, client: 3 }],
  },
});
const invalid = sampleCell({ valid: false, invalidReasons: ["sends_late: p99 40.0 ms after they were due"] });

test("a row a cell, with its figures", () => {
  const table = cellsTable([sampleCell({ servers: 1 }), failed, invalid]);
  const rows = table.split("\n").filter((line) => /random|two-choices/.test(line));
  assert.equal(rows.length, 3);
  for (const part of ["4,800", "3 / 12", "40", "1.10", "passed"]) assert.ok(rows[0]?.includes(part), part);
  assert.match(rows[1] ?? "", /FAILED/);
  assert.match(rows[2] ?? "", /no/);
});

test("a broken promise is named with the messages concerned, and a run without one has no lines", () => {
  const lines = notes([sampleCell(), failed]).join("\n");
  assert.match(lines, /lost 1/);
  assert.match(lines, /promise 1 \(acknowledged is durable\).*group 42, message 7, client 3/);
  assert.deepEqual(notes([sampleCell()]), []);
  assert.match(notes([sampleCell(), invalid]).join(), /sends_late/);
  assert.match(notes([sampleCell({ failures: { no_outcome: 3 } })]).join(), /3 × no_outcome/);
});

test("the conclusion is made of the figures, and says what they do not show", () => {
  const cells = [
    sampleCell({ servers: 1, serverCpuMicrosPerDelivery: 30 }),
    sampleCell({ servers: 4, serverCpuMicrosPerDelivery: 90 }),
  ];
  const text = conclusion(sampleRun(cells));
  for (const part of ["from 1 to 4 servers", "30", "90", "2 cores", "does not show"])
    assert.ok(text.includes(part), part);
  assert.equal(text.match(/\.(\s|$)/g)?.length, 1, "one sentence");
});

test("cells that failed or are not valid have no part in the conclusion", () => {
  const slow = { serverCpuMicrosPerDelivery: 9000 };
  const cells = [sampleCell(), { ...failed, ...slow }, { ...invalid, ...slow }];
  assert.doesNotMatch(conclusion(sampleRun(cells)), /9,000/);
  assert.match(conclusion(sampleRun([failed])), /shows nothing/);
});

test("a load on servers elsewhere says nothing of the cores here", () => {
  const text = conclusion({ ...sampleRun(), benchmark: "load" });
  assert.doesNotMatch(text, /cores/);
  assert.match(text, /4,800 messages a second/);
});

test("the report holds every row, the breaches and a chart, and nothing of it is code", () => {
  const html = htmlReport(sampleRun([sampleCell(), failed, invalid]));
  assert.equal(html.match(/<tr class/g)?.length, 3);
  assert.match(html, /acknowledged &amp; seen by &lt;nobody&gt;/);
  assert.equal(html.match(/<circle/g)?.length, 12, "four quantiles a cell");
  assert.doesNotMatch(html, /<script|https?:\/\/(?!www\.w3\.org)/);
});

test("a report of a run in which nothing was delivered can be made", () => {
  const nothing = sampleCell({ deliveryMs: null, ackMs: null, deliveredPerSecond: 0 });
  assert.match(htmlReport(sampleRun([nothing])), /<table>/);
  assert.match(cellsTable([nothing]), /–/);
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
