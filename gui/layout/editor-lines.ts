import { harmless, harmlessLine } from "../../core/client/index.ts";
import type { Editor } from "../model/editor.ts";
import { columnsOf, graphemesOf, taken } from "../text/width.ts";
import { wrap } from "../text/wrap.ts";

export interface EditorLines {
  readonly lines: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

/** Breaks a draft into lines of at most this many columns, the last of which is kept for the cursor. */
export function editorLines(editor: Editor, columns: number): EditorLines {
  const known = laidOut.get(editor);
  if (known?.columns === columns) return known.shown;
  const shown = wrapped(editor, columns);
  laidOut.set(editor, { columns, shown });
  return shown;
}

// The message box and the places both need the lines; kept, so that a pasted book is not broken into lines at every tick.
const laidOut = new WeakMap<Editor, { readonly columns: number; readonly shown: EditorLines }>();

function wrapped({ text, cursor }: Editor, columns: number): EditorLines {
  const before = harmless(text.slice(0, cursor));
  const shown = before + harmless(text.slice(cursor));
  const room = Math.max(2, columns - 1);
  const ranges = wrap(shown, room);
  const lines = ranges.map(({ from, to }) => taken(shown.slice(from, to), columns));
  // The cursor is in the last line that does not begin behind it.
  const starts = ranges.map(({ from }) => from).filter((from) => from <= before.length);
  const column = columnsOf(shown.slice(starts.at(-1), before.length));
  return { lines, cursor: { row: starts.length - 1, column: Math.min(column, columns - 1) } };
}

/** A field of one line: the part of its text around the cursor. */
export function fieldLine(
  { text, cursor }: Editor,
  columns: number,
): { readonly text: string; readonly cursor: number } {
  const before = harmlessLine(text.slice(0, cursor));
  const start = startBefore(before, Math.max(1, columns - 1));
  const shown = before.slice(start) + harmlessLine(text.slice(cursor));
  return { text: taken(shown, columns), cursor: columnsOf(before.slice(start)) };
}

/** The index in a text at which its last columns begin. */
function startBefore(text: string, columns: number): number {
  let excess = columnsOf(text) - columns;
  if (excess <= 0) return 0;
  for (const grapheme of graphemesOf(text)) {
    excess -= grapheme.columns;
    if (excess <= 0) return grapheme.at + grapheme.text.length;
  }
  return text.length;
}
