import { columnsOfSpan, type Line, span } from "./line.ts";

const escape = "\u001b";
const pieces = new RegExp(`${escape}\\[[\\d;]*m|[^${escape}]`, "gu");
/** Half-blocks with their colours, and nothing else that a terminal would obey. */
const drawn = new RegExp(`^(?:${escape}\\[[\\d;]*m|[ \u2580-\u259f])*$`, "u");

/** A picture's lines, as far as they fit: one that was drawn for a larger screen loses what is at its right. */
export function pictureLines(lines: readonly string[], columns: number): Line[] {
  return lines.flatMap((text) => {
    if (!drawn.test(text)) return [];
    const isTooWide = columnsOfSpan(span(text, "picture")) > columns;
    return [[span(isTooWide ? begun(text, columns) : text, "picture")]];
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
