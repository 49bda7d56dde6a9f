import type { Action } from "../keys/bindings.ts";
import { type Editor, type EditorErase, type EditorMove, erase, move } from "./editor.ts";

const moves = {
  left: "left",
  right: "right",
  wordLeft: "wordLeft",
  wordRight: "wordRight",
  lineStart: "lineStart",
  lineEnd: "lineEnd",
} as const satisfies Partial<Record<Action, EditorMove>>;

const erasures = {
  eraseLeft: "left",
  eraseRight: "right",
  eraseWord: "wordLeft",
  eraseToStart: "toLineStart",
} as const satisfies Partial<Record<Action, EditorErase>>;

export type EditingAction = keyof typeof moves | keyof typeof erasures;

const isMove = (action: Action): action is keyof typeof moves => Object.hasOwn(moves, action);
const isErasure = (action: Action): action is keyof typeof erasures => Object.hasOwn(erasures, action);

/** The text after an editing action; undefined when the action edits nothing. */
export function edited(editor: Editor, action: Action | undefined): Editor | undefined {
  if (action === undefined) return undefined;
  if (isMove(action)) return move(editor, moves[action]);
  return isErasure(action) ? erase(editor, erasures[action]) : undefined;
}

/** Makes a pasted or typed text fit a field of one line. */
export const oneLine = (text: string): string => text.replace(/[\r\n\t]+/g, " ").replace(/\p{Cc}/gu, "");
