/** Seconds that a file's tests take alone, by the file's path in the project. */
export type SecondsByFile = Readonly<Record<string, number>>;

export interface Order {
  /** In the order in which they are begun: all of them take a moment. */
  readonly fast: readonly string[];
  /** Longest first, so that no long one is left for the end, when a core would wait for nothing. */
  readonly slow: readonly string[];
}

/**
 * The fast files first, so that whoever waits soon knows most of what there is to know. A file of which nothing is known
 * counts as fast.
 */
export function inOrder(files: readonly string[], known: SecondsByFile): Order {
  const secondsOf = (file: string) => known[file] ?? 0;
  return {
    fast: files.filter((file) => !(file in known)).sort(),
    slow: files.filter((file) => file in known).sort((a, b) => secondsOf(b) - secondsOf(a) || (a < b ? -1 : 1)),
  };
}

/** A file that takes longer than this is a slow one. */
export const fastSecondsMax = 2;

/** What is known after a run: what was slow in it, and what was known of the files that were not in it. */
export function slowAfter(known: SecondsByFile, measured: SecondsByFile): SecondsByFile {
  const all = { ...known, ...measured };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, seconds]) => seconds > fastSecondsMax)
      .map(([file, seconds]) => [file, Math.round(seconds)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
