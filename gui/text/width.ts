import { clustersOf } from "../../core/client/index.ts";
import { partsOf, shownCluster } from "./shown-cluster.ts";

/**
 * Characters that are always clusters by themselves, of a known width: Latin, punctuation and lines in one column; kana, Han and
 * Hangul in two. Most text consists of them and needs no segmenter, which is slow.
 */
const simple =
  /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2013-\u2026\u203a\u2190-\u2193\u2500-\u259f\u25b8\u25cb\u25cf\u2713\u2717\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]*$/;
const wideFrom = 0x3041;

/** A user-perceived character: its index in the text, what is drawn of it, and how wide that is. */
export interface Grapheme {
  readonly text: string;
  readonly at: number;
  readonly shown: string;
  readonly columns: number;
}

export function* graphemesOf(text: string): Generator<Grapheme> {
  if (simple.test(text)) {
    for (let at = 0; at < text.length; at++) {
      const character = text.charAt(at);
      yield { text: character, at, shown: character, columns: text.charCodeAt(at) < wideFrom ? 1 : 2 };
    }
    return;
  }
  for (const { segment, index } of clustersOf(text)) {
    const cluster = shownCluster(segment);
    if (cluster.columns <= 2) yield { text: segment, at: index, ...cluster };
    else yield* graphemesOfSyllable(segment, index);
  }
}

function* graphemesOfSyllable(syllable: string, index: number): Generator<Grapheme> {
  let at = index;
  for (const part of partsOf(syllable)) {
    yield { text: part.shown, at, ...part };
    at += part.shown.length;
  }
}

export function columnsOf(text: string): number {
  let columns = 0;
  if (simple.test(text)) {
    for (let at = 0; at < text.length; at++) columns += text.charCodeAt(at) < wideFrom ? 1 : 2;
    return columns;
  }
  for (const grapheme of graphemesOf(text)) columns += grapheme.columns;
  return columns;
}

/** Cuts a text to this many columns, the last of which is an ellipsis. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (columnsOf(text) <= columns) return text;
  return `${taken(text, columns - 1)}…`;
}

/** Cuts a text to this many columns. */
export function taken(text: string, columns: number): string {
  let used = 0;
  for (const grapheme of graphemesOf(text)) {
    used += grapheme.columns;
    if (used > columns) return text.slice(0, grapheme.at);
  }
  return text;
}
