import type { MessageDialog } from "../../model/dialog.ts";
import { menuItems } from "../../model/dialogs/message.ts";
import type { ChatState, Size } from "../../model/state.ts";
import { span } from "../line.ts";
import { itemRow, type Panel } from "../panel.ts";

/** The menu of a message. */
export function messagePanel(state: ChatState, dialog: MessageDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 38);
  return {
    title: "Message",
    hint: "Enter · Esc closes",
    columns,
    body: menuItems(state, dialog).map(({ text }, item) =>
      itemRow([span(` ${text}`)], item, item === dialog.at, columns),
    ),
    at: dialog.at,
  };
}
