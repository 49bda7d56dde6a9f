import { type Action, actionOf } from "../../keys/bindings.ts";
import type { Dialog } from "../dialog.ts";
import { edited, oneLine } from "../editing-keys.ts";
import { type Editor, insert } from "../editor.ts";
import type { ChatState } from "../state.ts";
import { clamp, replaceDialog, type Step } from "../step.ts";
import type { Viewport } from "../viewport.ts";

/** How a kind of dialog responds to the user while it is on top. */
export interface Behaviour<D extends Dialog> {
  pressed(state: ChatState, dialog: D, press: Press, viewport: Viewport): Step<ChatState>;
  /** One of its rows was clicked, counted from 0; without this, clicks do nothing. */
  clicked?(state: ChatState, dialog: D, row: number, viewport: Viewport): Step<ChatState>;
  /** Without this, a paste counts as typed. */
  pasted?(state: ChatState, dialog: D, text: string): Step<ChatState>;
  /** The user closes it; without this, it is removed and nothing else happens. */
  closed?(state: ChatState, dialog: D): Step<ChatState>;
}

/** A key, with its action in a dialog and in a line of text. */
export interface Press {
  readonly name: string;
  /** What it types, if it types anything. */
  readonly text?: string | undefined;
  readonly action: Action | undefined;
  readonly editing: Action | undefined;
}

export function pressOf({ bindings }: ChatState, { name, text }: Pick<Press, "name" | "text">): Press {
  return {
    name,
    text,
    action: actionOf(bindings, "dialog", name),
    editing: actionOf(bindings, "input", name),
  };
}

/** What comes from no key: a click, the wheel, a paste. */
export const noKey: Press = { name: "", action: undefined, editing: undefined };

/** The press that chooses an item; a click on a row counts as it. */
export const choosing: Press = { ...noKey, action: "choose" };

/** An item of a dialog's list was clicked: it becomes the current one, and is chosen. */
export function clickedItem<D extends Dialog & { readonly at: number }>(
  pressed: Behaviour<D>["pressed"],
  { state, dialog, row, viewport }: { state: ChatState; dialog: D; row: number; viewport: Viewport },
  length: number,
): Step<ChatState> {
  const there = { ...dialog, at: clamp(row, length) };
  return pressed(replaceDialog(state, there), there, choosing, viewport);
}

const pageRows = 10;

/** The item of a list that an action leads to. */
export function movedTo(at: number, action: Action | undefined, length: number): number {
  return clamp(movedBy(at, action), length);
}

export function movedBy(at: number, action: Action | undefined): number {
  switch (action) {
    case "itemUp":
      return at - 1;
    case "itemDown":
      return at + 1;
    case "pageUp":
      return at - pageRows;
    case "pageDown":
      return at + pageRows;
    default:
      return at;
  }
}

/** A line of text after a press; undefined when the press does not change it. */
export function typedInto(editor: Editor, { editing, text }: Press): Editor | undefined {
  return edited(editor, editing) ?? (text === undefined ? undefined : insert(editor, oneLine(text)));
}
