import type { SwitchDialog } from "../../model/dialog.ts";
import { groupsLike } from "../../model/dialogs/switch.ts";
import type { ChatState, Size } from "../../model/state.ts";
import { cut } from "../../text/width.ts";
import { field } from "../field.ts";
import { groupTitle } from "../group-list.ts";
import { span, spread } from "../line.ts";
import { shortMoment } from "../moment.ts";
import { itemRow, type Panel, rowsOf } from "../panel.ts";

/** The groups whose title contains what was typed. */
export function switchPanel(state: ChatState, dialog: SwitchDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 50);
  const { line, cursor } = field("Go to", dialog.words, columns);
  const body = groupsLike(state, dialog).map((row, item) => {
    const unread =
      row.unread > 0 ? [span(`${row.unread} new`, row.mentions > 0 ? "mentionOwn" : "unread"), span("  ")] : [];
    const right = [...unread, span(row.lastAt > 0 ? shortMoment(row.lastAt, state.nowMs) : "", "time")];
    const left = [span(cut(groupTitle(row), columns - 18), row.left ? "dim" : "text")];
    return itemRow(spread(left, right, columns), item, item === dialog.at, columns);
  });
  return {
    title: "Go to a group",
    hint: "Enter goes there · Esc closes",
    columns,
    head: [{ line, cursor }],
    body: body.length > 0 ? body : rowsOf([[span("no such group", "dim")]]),
    at: dialog.at,
  };
}
