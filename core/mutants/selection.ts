import type { Mutant, Mutants } from "./mutant.ts";

export type Named = readonly [what: string, mutant: Mutant];

/** Those with a word in what is wrong or in the path of the file or of a test; all without words. */
export function withWords(mutants: Mutants, words: readonly string[]): Named[] {
  return Object.entries(mutants).filter(
    ([what, { file, tests }]) =>
      words.length === 0 || words.some((word) => [what, file, ...tests].some((text) => text.includes(word))),
  );
}

/** Those that a change of these files touches: the code of the mutant, or a test that must catch it. */
export function touchedBy(mutants: readonly Named[], changed: ReadonlySet<string>): Named[] {
  return mutants.filter(([, { file, tests }]) => changed.has(file) || tests.some((test) => changed.has(test)));
}

/** `count` of the mutants; as many turns in a row as it takes have all of them. */
export function sampleOf(mutants: readonly Named[], count: number, turn: number): Named[] {
  const turns = Math.ceil(mutants.length / count);
  // Neighbours in the list are alike, and wait for the same slow tests: a sample takes them from everywhere.
  return mutants.filter((_, i) => i % turns === turn % turns);
}
