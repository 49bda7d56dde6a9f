const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ascii = /^[\x20-\x7e]*$/;
const wide =
  /^(?:\p{Emoji_Presentation}|.*\ufe0f|\p{RI}\p{RI}|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}])/su;
const zero = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

export interface Grapheme {
  readonly text: string;
  readonly at: number;
  readonly columns: number;
}

export const isAscii = (text: string): boolean => ascii.test(text);

export function* graphemesOf(text: string): Generator<Grapheme> {
  for (const { segment, index } of segmenter.segment(text)) {
    yield { text: segment, at: index, columns: zero.test(segment) ? 0 : wide.test(segment) ? 2 : 1 };
  }
}

export function columnsOf(text: string): number {
  if (isAscii(text)) return text.length;
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
