import type { GroupId } from "../../../core/wire/ids.ts";
import type { MessageDialog } from "../dialog.ts";
import type { Effect } from "../effect.ts";
import type { MessageRow } from "../shown.ts";
import type { ChatState } from "../state.ts";
import { closeDialog, conversationOf, openDialog, replaceDialog, type Step, step } from "../step.ts";
import type { Viewport } from "../viewport.ts";
import { type Behaviour, clickedItem, movedTo, type Press } from "./behaviour.ts";
import { showTrust } from "./trust.ts";

/** Opens the menu of a message. */
export const showMessage = (state: ChatState, group: GroupId, { key }: MessageRow): ChatState =>
  openDialog(state, { kind: "message", group, key, at: 0 });

export const message: Behaviour<MessageDialog> = {
  pressed,
  clicked: (state, dialog, row, viewport) =>
    clickedItem(pressed, { state, dialog, row, viewport }, menuItems(state, dialog).length),
};

export const menuItems = (state: ChatState, dialog: MessageDialog): readonly MenuItem[] => {
  const message = messageIn(state, dialog);
  return message ? menuOf(message) : [];
};

const messageIn = (state: ChatState, { group, key }: MessageDialog) =>
  conversationOf(state, group).messages.find((of) => of.key === key);

function pressed(state: ChatState, dialog: MessageDialog, { action }: Press, viewport: Viewport): Step<ChatState> {
  const { group, at } = dialog;
  if (action !== "choose") {
    return step(replaceDialog(state, { ...dialog, at: movedTo(at, action, menuItems(state, dialog).length) }));
  }
  const closedAll = closeDialog(state);
  const message = messageIn(state, dialog);
  if (!message) return step(closedAll);
  const item = menuOf(message)[at];
  if (!item || item.name === "close") return step(closedAll);
  if (item.name === "trust") return showTrust(closedAll, { user: message.sender });
  const effect = effectOn(group, message, item.name, viewport.pictureColumns(state));
  return effect ? step(closedAll, effect) : step(closedAll);
}

interface MenuItem {
  readonly name: "retry" | "discard" | "save" | "open" | "preview" | "trust" | "close";
  readonly text: string;
}

/** The items of the menu of a message. */
function menuOf(message: MessageRow): readonly MenuItem[] {
  const { state, content } = message;
  const items: MenuItem[] = [];
  if (state === "failed") items.push({ name: "retry", text: "Send again" });
  if (state === "failed" || state === "written") items.push({ name: "discard", text: "Discard" });
  if (content?.kind === "file") {
    items.push({ name: "save", text: "Save the file" }, { name: "open", text: "Open with the system's viewer" });
    if (content.mediaType.startsWith("image/")) items.push({ name: "preview", text: "Show it here" });
  }
  items.push({ name: "trust", text: "Safety number of its sender" }, { name: "close", text: "Nothing" });
  return items;
}

/** The effect of a menu item on a message; undefined where it does not apply: no file, not failed. */
export function effectOn(
  group: GroupId,
  message: MessageRow,
  what: Exclude<MenuItem["name"], "trust" | "close">,
  columns: number,
): Effect | undefined {
  const { key } = message;
  if (!menuOf(message).some(({ name }) => name === what)) return undefined;
  switch (what) {
    case "retry":
    case "discard":
      return { kind: what, group, key };
    case "save":
      return { kind: "saveFile", group, key, to: undefined, replace: false };
    case "open":
      return { kind: "openFile", group, key };
    case "preview":
      return { kind: "previewMessage", group, key, columns };
    default:
      return what satisfies never;
  }
}
