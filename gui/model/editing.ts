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

/** What an editing action makes of a text; undefined for actions that edit nothing. */
export function edited(editor: Editor, action: Action | undefined): Editor | undefined {
  const by = action && moves[action];
  if (by) return move(editor, by);
  const what = action && erasures[action];
  return what && erase(editor, what);
}

/** A pasted or typed text for a field of one line. */
export const oneLine = (text: string): string => text.replace(/[\r\n\t]+/g, " ").replace(/\p{Cc}/gu, "");
