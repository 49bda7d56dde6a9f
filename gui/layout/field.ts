import type { Editor } from "../model/editor.ts";
import { columnsOf } from "../text/width.ts";
import { fieldLine } from "./editor-lines.ts";
import { filled, type Line, span } from "./line.ts";

export interface Field {
  readonly line: Line;
  /** The column of the cursor in the line. */
  readonly cursor: number;
}

/** A label and a text field; of a secret only the length is shown. */
export function field(
  label: string,
  editor: Editor,
  columns: number,
  { labelColumns = columnsOf(label) + 2, isSecret = false, isFocused = true } = {},
): Field {
  const room = Math.max(2, columns - labelColumns);
  const { text, cursor } = fieldLine(isSecret ? hidden(editor) : editor, room);
  const named = filled([span(label, isFocused ? "strong" : "dim")], labelColumns);
  return { line: [...named, ...filled([span(text)], room, "field")], cursor: labelColumns + cursor };
}

function hidden({ text, cursor }: Editor): Editor {
  const before = Array.from(text.slice(0, cursor)).length;
  return { text: "•".repeat(before + Array.from(text.slice(cursor)).length), cursor: before };
}

/** A button. */
export const button = (text: string, isFocused: boolean): Line => [
  span(isFocused ? "▸" : " ", "own"),
  span(` ${text} `, isFocused ? "strong" : "text", isFocused ? "button" : "field"),
];
