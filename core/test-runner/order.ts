import { z } from "zod";

/** Seconds that a file's tests take alone, by the file's path in the project. */
export const secondsByFile = z.record(z.string(), z.number());
export type SecondsByFile = Readonly<z.output<typeof secondsByFile>>;

export interface Order {
  /** In the order in which they are started: each takes a moment. */
  readonly fast: readonly string[];
  /** Longest first, so that no long file is left for the end, when other cores would have nothing to do. */
  readonly slow: readonly string[];
}

/** The fast files first, so that most results are there soon. A file whose time is not known counts as fast. */
export function inOrder(files: readonly string[], known: SecondsByFile): Order {
  const secondsOf = (file: string) => known[file] ?? 0;
  return {
    fast: files.filter((file) => !(file in known)).sort(),
    slow: files.filter((file) => file in known).sort((a, b) => secondsOf(b) - secondsOf(a) || (a < b ? -1 : 1)),
  };
}

/** A file that takes longer than this is a slow one. */
export const fastSecondsMax = 2;

/** The times to keep after a run: of the files that were slow in it, and, as before, of the files that were not in it. */
export function slowAfter(known: SecondsByFile, measured: SecondsByFile): SecondsByFile {
  const all = { ...known, ...measured };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, seconds]) => seconds > fastSecondsMax)
      .map(([file, seconds]) => [file, Math.round(seconds)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
