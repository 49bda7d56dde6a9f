import { columnsOfSpan, type Line, span } from "./line.ts";

const escape = "\u001b";
const pieces = new RegExp(`${escape}\\[[\\d;]*m|[^${escape}]`, "gu");
/** Half-blocks with their colours, and no other escape sequence. */
const drawn = new RegExp(`^(?:${escape}\\[[\\d;]*m|[ \u2580-\u259f])*$`, "u");

/** A picture's lines, cut at the right where it was drawn for a wider screen. */
export function pictureLines(lines: readonly string[], columns: number, id?: number): Line[] {
  return lines.flatMap((text, at): Line[] => {
    if (!drawn.test(text)) return [];
    const isTooWide = columnsOfSpan(span(text, "picture")) > columns;
    const part = span(isTooWide ? begun(text, columns) : text, "picture");
    const isWhole = at === 0 && id !== undefined && !isTooWide;
    return [[isWhole ? { ...part, graphic: { id, rows: lines.length } } : part]];
  });
}

function begun(text: string, columns: number): string {
  let used = 0;
  let shown = "";
  for (const [piece] of text.matchAll(pieces)) {
    if (!piece.startsWith(escape) && ++used > columns) break;
    shown += piece;
  }
  return `${shown}${escape}[0m`;
}
