import type { Action } from "../keys/bindings.ts";
import { type Editor, type EditorErase, type EditorMove, erase, move } from "./editor.ts";

const moves: Partial<Record<Action, EditorMove>> = {
  left: "left",
  right: "right",
  wordLeft: "wordLeft",
  wordRight: "wordRight",
  lineStart: "lineStart",
  lineEnd: "lineEnd",
};

const erasures: Partial<Record<Action, EditorErase>> = {
  eraseLeft: "left",
  eraseRight: "right",
  eraseWord: "wordLeft",
  eraseToStart: "toLineStart",
};

/** The text after an editing action; undefined when the action edits nothing. */
export function edited(editor: Editor, action: Action | undefined): Editor | undefined {
  const by = action && moves[action];
  if (by) return move(editor, by);
  const what = action && erasures[action];
  return what && erase(editor, what);
}

/** Makes a pasted or typed text fit a field of one line. */
export const oneLine = (text: string): string => text.replace(/[\r\n\t]+/g, " ").replace(/\p{Cc}/gu, "");
