import type { Dialog, DialogKind, DialogOf } from "../dialog.ts";
import { oneLine } from "../editing-keys.ts";
import type { ChatState } from "../state.ts";
import { closeDialog, type Step, step } from "../step.ts";
import type { Viewport } from "../viewport.ts";
import { type Behaviour, noKey, type Press, pressOf } from "./behaviour.ts";
import { confirm } from "./confirm.ts";
import { files } from "./files.ts";
import { group } from "./group.ts";
import { help } from "./help.ts";
import { members } from "./members.ts";
import { message } from "./message.ts";
import { search } from "./search.ts";
import { settings } from "./settings.ts";
import { switchGroup } from "./switch.ts";
import { transfers } from "./transfers.ts";
import { trust } from "./trust.ts";

/** How each kind of dialog responds. A new kind is its shape in `dialog.ts`, its file here, and a line. */
const behaviours: { readonly [K in DialogKind]: Behaviour<DialogOf<K>> } = {
  confirm,
  files,
  group,
  help,
  members,
  message,
  search,
  settings,
  switch: switchGroup,
  transfers,
  trust,
};

function behaviourOf<K extends DialogKind>(dialog: DialogOf<K>): Behaviour<DialogOf<K>> {
  return behaviours[dialog.kind];
}

/** A key while a dialog is on top. */
export function pressedInDialog(
  state: ChatState,
  dialog: Dialog,
  key: Pick<Press, "name" | "text">,
  viewport: Viewport,
): Step<ChatState> {
  const press = pressOf(state, key);
  const { action } = press;
  const behaviour = behaviourOf(dialog);
  if (action === "close") return behaviour.closed?.(state, dialog) ?? step(closeDialog(state));
  if (action === "quit" || action === "redraw" || action === "suspend") return step(state, { kind: action });
  return behaviour.pressed(state, dialog, press, viewport);
}

/** A row of the dialog on top was clicked; its items are counted from 0. */
export function clickedInDialog(state: ChatState, dialog: Dialog, row: number, viewport: Viewport): Step<ChatState> {
  return behaviourOf(dialog).clicked?.(state, dialog, row, viewport) ?? step(state);
}

/** The wheel goes through the items one by one. */
export function wheeledInDialog(state: ChatState, dialog: Dialog, up: boolean, viewport: Viewport): Step<ChatState> {
  return behaviourOf(dialog).pressed(state, dialog, { ...noKey, action: up ? "itemUp" : "itemDown" }, viewport);
}

export function pastedInDialog(state: ChatState, dialog: Dialog, pasted: string, viewport: Viewport): Step<ChatState> {
  const text = oneLine(pasted);
  const into = behaviourOf(dialog).pasted?.(state, dialog, text);
  return into ?? behaviourOf(dialog).pressed(state, dialog, { ...noKey, text }, viewport);
}
