/** Text that somebody edits, with the cursor in UTF-16 units, always between two graphemes. */
export interface Editor {
  readonly text: string;
  readonly cursor: number;
}

export const emptyEditor: Editor = { text: "", cursor: 0 };

export type EditorMove = "left" | "right" | "wordLeft" | "wordRight" | "lineStart" | "lineEnd" | "up" | "down";
export type EditorErase = "left" | "right" | "wordLeft" | "toLineStart" | "toLineEnd";

/** Where the cursor would go: what is between is erased. */
const erasing: Readonly<Record<EditorErase, EditorMove>> = {
  left: "left",
  right: "right",
  wordLeft: "wordLeft",
  toLineStart: "lineStart",
  toLineEnd: "lineEnd",
};

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** Graphemes are searched for in this many UTF-16 units; a joined family of four has eleven. */
const graphemeUnitsMax = 64;

export const editorOf = (text: string): Editor => ({ text, cursor: text.length });

export function insert({ text, cursor }: Editor, added: string): Editor {
  return { text: text.slice(0, cursor) + added + text.slice(cursor), cursor: cursor + added.length };
}

/** Replaces the text from `from` to the cursor. */
export function replaceBefore({ text, cursor }: Editor, from: number, by: string): Editor {
  return { text: text.slice(0, from) + by + text.slice(cursor), cursor: from + by.length };
}

export function move(editor: Editor, by: EditorMove): Editor {
  return { ...editor, cursor: target(editor, by) };
}

export function erase(editor: Editor, what: EditorErase): Editor {
  const { text, cursor } = editor;
  const other = target(editor, erasing[what]);
  const [from, to] = other < cursor ? [other, cursor] : [cursor, other];
  return { text: text.slice(0, from) + text.slice(to), cursor: from };
}

/** Whether the cursor is in the first or the last line: there, the keys up and down leave the text. */
export const inFirstLine = ({ text, cursor }: Editor): boolean =>
  text.lastIndexOf("\n", cursor - 1) < 0 || cursor === 0;
export const inLastLine = ({ text, cursor }: Editor): boolean => text.indexOf("\n", cursor) < 0;

function target({ text, cursor }: Editor, by: EditorMove): number {
  switch (by) {
    case "left":
      return before(text, cursor);
    case "right":
      return after(text, cursor);
    case "wordLeft":
      return cursor - (/[\p{L}\p{N}_]*[^\p{L}\p{N}_]*$/u.exec(text.slice(0, cursor))?.[0].length ?? 0);
    case "wordRight":
      return cursor + (/[^\p{L}\p{N}_]*[\p{L}\p{N}_]*/u.exec(text.slice(cursor))?.[0].length ?? 0);
    case "lineStart":
      return lineStart(text, cursor);
    case "lineEnd":
      return lineEnd(text, cursor);
    case "up":
      return inLine(text, lineStart(text, lineStart(text, cursor) - 1), cursor - lineStart(text, cursor), cursor);
    case "down":
      return inLine(text, lineEnd(text, cursor) + 1, cursor - lineStart(text, cursor), cursor);
    default:
      return by satisfies never;
  }
}

const lineStart = (text: string, at: number) => (at <= 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1);

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** The cursor as far into the line that begins at `start`, on a grapheme's edge; `fallback` if there is no such line. */
function inLine(text: string, start: number, units: number, fallback: number): number {
  if (start > text.length) return fallback;
  const at = Math.min(start + units, lineEnd(text, start));
  return at >= text.length || at === start ? at : before(text, after(text, at));
}

function before(text: string, at: number): number {
  const from = Math.max(0, at - graphemeUnitsMax);
  let last = from;
  for (const { index } of graphemes.segment(text.slice(from, at))) last = from + index;
  return last;
}

function after(text: string, at: number): number {
  for (const { segment } of graphemes.segment(text.slice(at, at + graphemeUnitsMax))) return at + segment.length;
  return at;
}
