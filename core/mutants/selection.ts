import type { Change } from "./changes.ts";
import type { Mutant, Mutants } from "./mutant.ts";

export type Named = readonly [what: string, mutant: Mutant];

/** Those with a word, in capitals or not, in what is wrong or in the path of the file or of a test; all without words. */
export function withWords(mutants: Mutants, words: readonly string[]): Named[] {
  return Object.entries(mutants).filter(
    ([what, { file, tests }]) =>
      words.length === 0 ||
      words.some((word) => [what, file, ...tests].some((text) => text.toLowerCase().includes(word.toLowerCase()))),
  );
}

/** Those that a change touches: their code, a test that must catch them, or their rows. */
export function touchedBy(mutants: readonly Named[], { files, rows }: Change): Named[] {
  return mutants.filter(
    ([what, { file, tests }]) => rows.has(what) || files.has(file) || tests.some((test) => files.has(test)),
  );
}

/** `count` of the mutants; as many turns in a row as it takes have all of them. */
export function sampleOf(mutants: readonly Named[], count: number, turn: number): Named[] {
  const turns = Math.ceil(mutants.length / count);
  // Neighbours in the list are alike, and wait for the same slow tests: a sample takes them from everywhere.
  return mutants.filter((_, i) => i % turns === turn % turns);
}
