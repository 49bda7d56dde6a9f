/**
 * What is written for a cell's text, so that the next cell is in its column in every terminal. Terminals differ in how far the
 * cursor moves for flags, marks, emoji that are newer than they are, and signs that are emoji to some. For these the cells are
 * emptied first, and the cursor is set behind them.
 */
export function steadyText(text: string, cell: { readonly x: number; readonly columns: 1 | 2 }): string {
  if (text.length <= 1 && (text < "\u007f" || !isEmojiToSome.test(text))) return text;
  // ECH and CHA (ECMA-48); columns are counted from 1.
  return `\u001b[${cell.columns}X${text}\u001b[${cell.x + cell.columns + 1}G`;
}

const isEmojiToSome = /^\p{Extended_Pictographic}$/u;

/**
 * A rendition in true colour, of which blessed would make one of 256, is written with the text; behind it the terminal's own
 * colours are set again, as blessed believes.
 */
export function inTrueColour(text: string, rendition: string): string {
  return `\u001b[${rendition}m${text}\u001b[39;49m`;
}

export const isTrueColour = (rendition: string): boolean => rendition !== "" && /(?:^|;)[34]8;2;/.test(rendition);
