import { shownCluster } from "./shown-cluster.ts";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ascii = /^[\x20-\x7e]*$/;

/** A user-perceived character: where it is in its text, what is drawn of it, and how wide that is. */
export interface Grapheme {
  readonly text: string;
  readonly at: number;
  readonly shown: string;
  readonly columns: number;
}

export function* graphemesOf(text: string): Generator<Grapheme> {
  if (ascii.test(text)) {
    for (let at = 0; at < text.length; at++)
      yield { text: text[at] as string, at, shown: text[at] as string, columns: 1 };
    return;
  }
  for (const { segment, index } of segmenter.segment(text)) {
    yield { text: segment, at: index, ...shownCluster(segment) };
  }
}

export function columnsOf(text: string): number {
  if (ascii.test(text)) return text.length;
  let columns = 0;
  for (const grapheme of graphemesOf(text)) columns += grapheme.columns;
  return columns;
}

/** As much of a text as fits, with an ellipsis for the rest. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (columnsOf(text) <= columns) return text;
  return `${taken(text, columns - 1)}…`;
}

/** As much of a text as fits. */
export function taken(text: string, columns: number): string {
  let used = 0;
  for (const grapheme of graphemesOf(text)) {
    used += grapheme.columns;
    if (used > columns) return text.slice(0, grapheme.at);
  }
  return text;
}
