import { harmlessLine } from "../../../core/client/index.ts";
import type { GroupDialog } from "../../model/dialog.ts";
import { groupFields } from "../../model/dialogs/group.ts";
import type { Size, State } from "../../model/state.ts";
import { button, field } from "../field.ts";
import { type Line, span } from "../line.ts";
import { wrapSpans } from "../marked-text.ts";
import { durationText } from "../moment.ts";
import { type Panel, type PanelRow, rowsOf } from "../panel.ts";

const labels = { title: "Title", add: "Add", remove: "Remove", history: "History", expire: "Messages" } as const;

/** The form that founds or amends a group. */
export function groupPanel(_: State, dialog: GroupDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 60);
  const isNew = dialog.group === undefined;
  const rows = groupFields(dialog).map((name, item): PanelRow => {
    const items = [{ from: 0, item }];
    const isFocused = dialog.field === name;
    switch (name) {
      case "title":
      case "add":
      case "remove": {
        const label = isNew && name === "add" ? "Members" : labels[name];
        const { line, cursor } = field(label, dialog.fields[name], columns, { labelColumns: 10, isFocused });
        return { line, items, ...(isFocused && { cursor }) };
      }
      case "history":
        return {
          line: choice(
            labels.history,
            dialog.history ? "new members read what was before" : "new members read from then on",
            isFocused,
          ),
          items,
        };
      case "expire": {
        const kept = `kept ${durationText(dialog.expire)}`;
        return { line: choice(labels.expire, dialog.expire > 0 ? `${kept}, then deleted` : kept, isFocused), items };
      }
      case "done":
        return { line: dialog.busy ? [span("at it…", "dim")] : button(isNew ? "Found" : "Amend", isFocused), items };
      default:
        return name satisfies never;
    }
  });
  const note = "Names are separated by commas.";
  const problem = dialog.problem ? wrapSpans([span(harmlessLine(dialog.problem), "problem")], columns) : [];
  return {
    title: isNew ? "Found a group" : "Amend the group",
    hint: "Tab next · Space changes · Enter does it",
    columns,
    body: [...rows.slice(0, -1), ...rowsOf([[span(note, "dim")], ...problem, []]), ...rows.slice(-1)],
    at: groupFields(dialog).indexOf(dialog.field),
  };
}

const choice = (label: string, text: string, isFocused: boolean): Line => [
  span(label.padEnd(10), isFocused ? "strong" : "dim"),
  span(isFocused ? `‹ ${text} ›` : `  ${text}`, "text", isFocused ? "selected" : undefined),
];
