import { shownCluster } from "./shown-cluster.ts";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/**
 * Characters that are clusters by themselves, and as wide as they are drawn: Latin, the signs and lines that a screen is made
 * of, and of two columns kana, Han and Hangul. Most text is made of them, and needs no segmenter, which is slow.
 */
const simple =
  "[\\x20-\\x7e\\xa1-\\xac\\xae-\\u02ff\\u2013-\\u2026\\u203a\\u2190-\\u2193\\u2500-\\u259f\\u25b8\\u25cb\\u25cf\\u2713\\u2717\\u3041-\\u3096\\u30a1-\\u30fa\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7a3]";
const allSimple = new RegExp(`^${simple}*$`);
const simpleRun = new RegExp(`${simple}*`, "y");
const nextSimple = new RegExp(simple);
/** The segmenter takes seconds for a text of 80,000 characters, and milliseconds for the same in short stretches. */
const stretchUnits = 256;
const wideFrom = 0x3041;

/** A user-perceived character: where it is in its text, what is drawn of it, and how wide that is. */
export interface Grapheme {
  readonly text: string;
  readonly at: number;
  readonly shown: string;
  readonly columns: number;
}

export function* graphemesOf(text: string): Generator<Grapheme> {
  for (let at = 0; at < text.length; ) {
    simpleRun.lastIndex = at;
    const run = simpleRun.exec(text)?.[0].length ?? 0;
    // The last one may carry a mark.
    const end = at + run === text.length ? text.length : at + Math.max(0, run - 1);
    for (; at < end; at++) {
      const shown = text[at] as string;
      yield { text: shown, at, shown, columns: text.charCodeAt(at) < wideFrom ? 1 : 2 };
    }
    if (at === text.length) return;
    const stretch = stretchAt(text, at);
    for (const { segment, index } of segmenter.segment(stretch)) {
      yield { text: segment, at: at + index, ...shownCluster(segment) };
    }
    at += stretch.length;
  }
}

/**
 * What has to be segmented: up to the next simple character, or to where something begins that belongs to nothing before. In a
 * long stretch, a conjunct of Indic letters or what somebody piled up may come in two.
 */
function stretchAt(text: string, at: number): string {
  const ahead = text.slice(at, at + 2 * stretchUnits);
  const simpleAt = nextSimple.exec(ahead.slice(1))?.index;
  if (simpleAt !== undefined) return ahead.slice(0, simpleAt + 1);
  if (ahead.length < 2 * stretchUnits) return ahead;
  let to = stretchUnits;
  while (to < ahead.length - 1 && continues(ahead, to)) to++;
  return ahead.slice(0, to);
}

/** Whether what stands there belongs to what is before: the half of a character, what modifies one, what is joined. */
function continues(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const isHalf = before >= 0xd800 && before < 0xdc00;
  return isHalf || before === joiner || modifies.test(text.slice(at, at + 2));
}

const joiner = 0x200d;
const modifies = /^[\p{M}\p{Cf}\p{Emoji_Modifier}\p{RI}]/u;

export function columnsOf(text: string): number {
  let columns = 0;
  if (allSimple.test(text)) {
    for (let at = 0; at < text.length; at++) columns += text.charCodeAt(at) < wideFrom ? 1 : 2;
    return columns;
  }
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
