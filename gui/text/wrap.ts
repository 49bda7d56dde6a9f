import { graphemesOf } from "./width.ts";

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Breaks a text into lines: at its line feeds, else behind a space, else within a word. */
export function wrap(text: string, columns: number): Range[] {
  const lines: Range[] = [];
  let from = 0;
  for (;;) {
    const end = text.indexOf("\n", from);
    wrapParagraph(text, from, end < 0 ? text.length : end, Math.max(2, columns), lines);
    if (end < 0) return lines;
    from = end + 1;
  }
}

function wrapParagraph(text: string, from: number, to: number, columns: number, lines: Range[]): void {
  const paragraph = text.slice(from, to);
  let start = 0;
  let used = 0;
  let breakAt = -1;
  let usedAtBreak = 0;
  for (const grapheme of graphemesOf(paragraph)) {
    const isSpace = grapheme.text === " ";
    if (grapheme.columns === 2 && grapheme.at > start) {
      breakAt = grapheme.at;
      usedAtBreak = used;
    }
    if (used + grapheme.columns > columns && !isSpace && grapheme.at > start) {
      // Without a break point, or with nothing visible before it, the line is broken here, within the word.
      if (breakAt <= start || usedAtBreak === 0) {
        breakAt = grapheme.at;
        usedAtBreak = used;
      }
      lines.push({ from: from + start, to: from + breakAt });
      used -= usedAtBreak;
      start = breakAt;
    }
    used += grapheme.columns;
    if (isSpace) {
      breakAt = grapheme.at + 1;
      usedAtBreak = used;
    }
  }
  lines.push({ from: from + start, to });
}
