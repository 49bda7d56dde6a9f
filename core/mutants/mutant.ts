/** A small, plausible fault in the code, the promise that it breaks, and the tests that must fail with it. */
export interface Mutant {
  /** Where the promise is made, and words of its sentence. */
  readonly promise: { readonly document: string; readonly words: string };
  /** The source file that is changed, by its path in the project. */
  readonly file: string;
  /** A piece of the file that occurs in it once. */
  readonly from: string;
  readonly to: string;
  /** The test files of which at least one must fail. */
  readonly tests: readonly string[];
}

/** Mutants by what is wrong with each, as a sentence. */
export type Mutants = Readonly<Record<string, Mutant>>;

/** The source with the fault in it; throws when the piece that is to be changed is not there, or is there more than once. */
export function mutated(source: string, { file, from, to }: Mutant): string {
  const [before, after, ...more] = source.split(from);
  if (before === undefined || after === undefined) throw new Error(`${file} does not have: ${from}`);
  if (more.length > 0) throw new Error(`${file} has more than once: ${from}`);
  return `${before}${to}${after}`;
}
