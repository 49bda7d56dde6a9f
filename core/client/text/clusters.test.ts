import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../testing/property-runs.ts";
import { clustersOf, isPrintableAscii } from "./clusters.ts";

const segmentsOf = (text: string) => [...clustersOf(text)].map(({ segment }) => segment);

test("what a reader takes for one character is one cluster, and each says where it begins", () => {
  assert.deepEqual(
    [...clustersOf("ab")],
    [
      { segment: "a", index: 0 },
      { segment: "b", index: 1 },
    ],
  );
  assert.deepEqual(
    [...clustersOf("e\u0301🇩🇪\r\n\u1100\u1161x")],
    [
      { segment: "e\u0301", index: 0 },
      { segment: "🇩🇪", index: 2 },
      { segment: "\r\n", index: 6 },
      { segment: "\u1100\u1161", index: 8 },
      { segment: "x", index: 10 },
    ],
  );
  assert.deepEqual([...clustersOf("")], []);
});

test("a long text has the clusters that it has as a whole, wherever its stretches end", () => {
  const whole = new Intl.Segmenter("und", { granularity: "grapheme" });
  const cluster = fc.constantFrom(
    "x",
    "中",
    "🎉",
    "e\u0301\u0302",
    "👨‍👩‍👧‍👦",
    "🇩🇪",
    "\u1112\u1161\u11ab",
    "नि",
    "\r\n",
  );
  fc.assert(
    fc.property(fc.array(cluster, { minLength: 200, maxLength: 700, size: "max" }), (clusters) => {
      const text = `é${clusters.join("")}`;
      const expected = Array.from(whole.segment(text), ({ segment, index }) => ({ segment, index }));
      assert.deepEqual([...clustersOf(text)], expected);
    }),
    propertyRuns(50),
  );
});

test("a pile of marks comes in pieces of 256 code units, one after the other", () => {
  const pile = `x${"\u0316".repeat(699)}`;
  const pieces = [...clustersOf(pile)];
  assert.deepEqual(
    pieces.map(({ segment, index }) => [segment.length, index]),
    [
      [256, 0],
      [256, 256],
      [188, 512],
    ],
  );
  assert.equal(segmentsOf(pile).join(""), pile);
  const sequence = `x${"\ufe0f".repeat(299)}`;
  assert.deepEqual(
    segmentsOf(sequence).map(({ length }) => length),
    [256, 44],
  );
});

test("no piece of a pile ends within a character of two code units", () => {
  // Their second halves are the first and the last that there are.
  for (const [pile, longest] of [
    [`🐀${"\u200d🐀".repeat(200)}`, 257],
    [`x${"🏿".repeat(200)}`, 257],
  ] as const) {
    const pieces = segmentsOf(pile);
    assert.equal(pieces[0]?.length, longest);
    assert.equal(pieces.join(""), pile);
    for (const piece of pieces) assert.doesNotMatch(piece, /\p{Cs}/u);
  }
});

test("printable ASCII is from the space to the tilde", () => {
  for (const text of ["", " ~", "plain text"]) assert.ok(isPrintableAscii(text), text);
  for (const text of ["\n", "a\x7f", "\x1fa", "é"]) assert.ok(!isPrintableAscii(text), text);
});
