import assert from "node:assert/strict";
import { test } from "node:test";
import { present } from "../../core/testing/present.ts";
import { sampleCell, sampleRun } from "../document/testing/sample-run.ts";
import { conclusion } from "./cells-conclusion.ts";

const busy = { valid: false, invalidReasons: [{ code: "generator_busy", detail: "100%" }] } as const;
const late = { valid: false, invalidReasons: [{ code: "sends_late", detail: "40% of p99" }] } as const;
const quantiles = (p99: number) => ({ ...present(sampleCell().deliveryMs), p99 });

/** The conclusion, checked to be one sentence without a missing number. */
function conclusionOf(...of: Parameters<typeof sampleRun>): string {
  const text = conclusion(sampleRun(...of));
  assert.equal(text.match(/\.(\s|$)/g)?.length, 1, `one sentence: ${text}`);
  assert.doesNotMatch(text, /NaN|undefined|Infinity|null/);
  return text;
}

test("the conclusion has the run's figures, and says what they do not show", () => {
  const text = conclusionOf([
    sampleCell({ servers: 1, serverCpuMicrosPerDelivery: 30 }),
    sampleCell({ servers: 4, serverCpuMicrosPerDelivery: 90 }),
  ]);
  for (const part of ["going from 1 to 4 servers", "from 30 to 90 µs", "2 cores", "110% (random)", "does not show"])
    assert.ok(text.includes(part), part);
  assert.doesNotMatch(text, /medians/);
});

test("several strategies are summed up by their medians, and each has its fullest server", () => {
  const text = conclusionOf([
    sampleCell({ servers: 2, strategy: "random", serverCpuMicrosPerDelivery: 30 }),
    sampleCell({ servers: 2, strategy: "two-choices", serverCpuMicrosPerDelivery: 40 }),
    sampleCell({ servers: 8, strategy: "random", serverCpuMicrosPerDelivery: 60 }),
    sampleCell({ servers: 8, strategy: "two-choices", serverCpuMicrosPerDelivery: 80 }),
  ]);
  assert.match(text, /going from 2 to 8 servers .* from 35 to 70 µs/);
  assert.match(text, /\(medians over the strategies\)/);
  assert.match(text, /110% \(random\), 110% \(two-choices\) of its even share/);
});

test("with one number of servers the conclusion compares nothing, and with one server it says nothing of balance", () => {
  const many = conclusionOf([sampleCell({ servers: 4 })]);
  assert.match(many, /a delivery of 4 servers took 40 µs of server CPU and 12 ms at the 99th percentile/);
  assert.match(many, /even share/);
  assert.doesNotMatch(many, /going from/);
  const one = conclusionOf([sampleCell({ servers: 1 })]);
  assert.match(one, /a delivery of 1 server took/);
  assert.doesNotMatch(one, /even share|which here was/);
});

test("the difference between cells of one server is called noise, since their strategies are all the same", () => {
  const text = conclusionOf([
    sampleCell({ servers: 1, strategy: "random", serverCpuMicrosPerDelivery: 40 }),
    sampleCell({ servers: 1, strategy: "two-choices", serverCpuMicrosPerDelivery: 50 }),
  ]);
  assert.match(text, /up to 25% of CPU/);
});

test("the conclusion leaves out cells that failed the audit, and cells in which the generator was busy", () => {
  const slow = { servers: 2, serverCpuMicrosPerDelivery: 9000 };
  const failed = { ...sampleCell(slow), audit: { ...sampleCell().audit, passed: false } };
  assert.doesNotMatch(
    conclusionOf([sampleCell(), failed, sampleCell({ ...slow, ...busy, invalidReasons: [...busy.invalidReasons] })]),
    /9,000/,
  );
  assert.match(conclusionOf([failed]), /shows nothing/);
  assert.match(conclusionOf([]), /shows nothing/);
});

test("the CPU of a cell whose sends were late counts, and its latencies do not", () => {
  const cell = (servers: number, p99: number, of: object = {}) =>
    sampleCell({ servers, deliveryMs: quantiles(p99), ...of });
  const text = conclusionOf([cell(1, 10), cell(1, 777, late), cell(4, 30), cell(4, 777, late)]);
  assert.match(text, /p99 from 10 to 30 ms/);
  const none = conclusionOf([cell(1, 777, late), cell(4, 777, late)]);
  assert.match(none, /from 40 to 40 µs, while no latency can be compared, as sends were late/);
  assert.match(
    conclusionOf([cell(4, 777, late)]),
    /took 40 µs of server CPU \(no latency counts, as sends were late\)/,
  );
});

test("the conclusion of a load on servers elsewhere does not mention this machine's cores", () => {
  const text = conclusionOf([sampleCell()], { benchmark: "load" });
  assert.doesNotMatch(text, /cores/);
  assert.match(text, /4,800 messages a second/);
});

test("a load that is not valid, or whose audit failed, shows nothing of speed", () => {
  const failed = sampleCell({ audit: { ...sampleCell().audit, passed: false } });
  for (const cell of [sampleCell({ ...late, invalidReasons: [...late.invalidReasons] }), failed]) {
    assert.match(conclusionOf([cell], { benchmark: "load" }), /shows nothing/);
  }
});
