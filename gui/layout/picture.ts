import { columnsOfSpan, type Line, span } from "./line.ts";

const escape = "\u001b";
/** Half-blocks with their colours, and nothing else that a terminal would obey. */
const drawn = new RegExp(`^(?:${escape}\\[[\\d;]*m|[ \u2580-\u259f])*$`, "u");

/** A picture's lines as far as they are as narrow as they must be. */
export function pictureLines(lines: readonly string[], columns: number): Line[] {
  return lines.flatMap((text) => {
    const part = span(text, "picture");
    return drawn.test(text) && columnsOfSpan(part) <= columns ? [[part]] : [];
  });
}
