import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { present } from "../../core/testing/present.ts";
import { Latencies, merged } from "./recorder.ts";

const recorded = (values: readonly number[]) => {
  const latencies = new Latencies();
  for (const value of values) latencies.record(value);
  return latencies;
};

const anyMicros = fc.array(fc.integer({ min: 1, max: 80_000_000 }), { minLength: 1, maxLength: 300 });

test("the recordings of several threads add up to what one thread would have recorded", () => {
  fc.assert(
    fc.property(anyMicros, anyMicros, (first, second) => {
      const together = recorded([...first, ...second]);
      const sum = merged([recorded(first).encode(), recorded(second).encode()]);
      assert.deepEqual(sum.quantiles(), together.quantiles());
      assert.equal(sum.count, first.length + second.length);
    }),
  );
});

test("quantiles are right to three digits", () => {
  fc.assert(
    fc.property(anyMicros, (values) => {
      const sorted = [...values].sort((a, b) => a - b);
      const quantiles = recorded(values).quantiles();
      for (const [name, share] of [
        ["p50", 0.5],
        ["p90", 0.9],
        ["p99", 0.99],
        ["p999", 0.999],
        ["max", 1],
      ] as const) {
        const exact = present(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]);
        const measured = (quantiles?.[name] ?? 0) * 1000;
        assert.ok(Math.abs(measured - exact) <= Math.max(1, exact * 0.001), `${name}: ${measured} for ${exact}`);
      }
    }),
  );
});

test("an empty recording has no quantiles, and a value out of range counts as the nearest in range", () => {
  assert.equal(new Latencies().quantiles(), undefined);
  const edge = recorded([-5, 0, 1e12]);
  assert.equal(edge.count, 3);
  assert.ok((edge.quantiles()?.max ?? 0) >= 89_000);
});

test("a recording that is reset has nothing of what was recorded before", () => {
  const latencies = recorded([50_000]);
  latencies.reset();
  assert.equal(latencies.quantiles(), undefined);
  latencies.record(2000);
  assert.deepEqual([latencies.count, latencies.quantiles()?.max], [1, 2]);
});

test("a text that is no recording is refused, and not taken for an empty one", () => {
  assert.throws(() => Latencies.decode("12345"), /a recording of 5 characters has no histogram/);
});

test("the longest latency is exact, also of several threads, the last of which was faster", () => {
  const sum = merged([recorded([1_234_567]).encode(), recorded([77]).encode()]);
  assert.equal(sum.quantiles()?.max, 1234.567);
  assert.equal(merged([]).count, 0);
});

test("half a microsecond counts as one", () => {
  assert.equal(recorded([0.5]).quantiles()?.max, 0.001);
});
