import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Mutant } from "./mutant.ts";
import { mutated } from "./mutant.ts";
import { type Named, sampleOf, touchedBy, withWords } from "./selection.ts";

const mutant = (file: string, ...tests: readonly string[]): Mutant => ({
  promise: { document: "README.md", words: "a promise" },
  file,
  from: "yes",
  to: "no",
  tests,
});
const mutants = {
  "a gate stays open": mutant("core/gate.ts", "core/gate.test.ts"),
  "a bell is silent": mutant("core/bell.ts", "core/bell.test.ts", "core/house.test.ts"),
};
const names = (chosen: readonly Named[]) => chosen.map(([what]) => what);

test("words choose by what is wrong, by the file and by the tests; without words all are chosen", () => {
  assert.deepEqual(names(withWords(mutants, [])), Object.keys(mutants));
  for (const word of ["silent", "core/bell.ts", "House"]) {
    assert.deepEqual(names(withWords(mutants, [word])), ["a bell is silent"], word);
  }
  assert.deepEqual(withWords(mutants, ["nothing"]), []);
});

test("a change touches the mutants of its files, those whose tests it changes, and those whose rows it changes", () => {
  const all = withWords(mutants, []);
  const touched = (files: readonly string[], rows: readonly string[] = []) =>
    names(touchedBy(all, { files: new Set(files), rows: new Set(rows) }));
  assert.deepEqual(touched(["core/gate.ts"]), ["a gate stays open"]);
  assert.deepEqual(touched(["core/house.test.ts"]), ["a bell is silent"]);
  assert.deepEqual(touched(["core/other.ts"], ["a gate stays open"]), ["a gate stays open"]);
  assert.deepEqual(touched(["core/other.ts"]), []);
});

test("samples have at most so many, and as many in a row as it takes have each mutant once", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }), fc.nat(1000), (size, count, from) => {
      const all = Array.from({ length: size }, (_, i): Named => [`${i}`, mutant("file.ts")]);
      const turns = Math.ceil(size / count);
      const samples = Array.from({ length: turns }, (_, i) => sampleOf(all, count, from + i));
      for (const sample of samples) assert.ok(sample.length <= count);
      const seen = samples.flatMap(names);
      assert.deepEqual([seen.length, new Set(seen).size], [size, size]);
    }),
  );
});

test("a mutant changes the one place that it names, and is refused when there is none, or are several", () => {
  assert.equal(mutated("a yes b", mutant("file.ts")), "a no b");
  assert.throws(() => mutated("a b", mutant("file.ts")), /file\.ts does not have: yes/);
  assert.throws(() => mutated("yes yes", mutant("file.ts")), /file\.ts has more than once: yes/);
});
