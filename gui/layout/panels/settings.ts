import type { SettingsDialog } from "../../model/dialog.ts";
import { settingsRows, valueText } from "../../model/dialogs/settings.ts";
import type { Size, State } from "../../model/state.ts";
import { span, spread } from "../line.ts";
import { itemRow, type Panel } from "../panel.ts";

/** The settings and their values. */
export function settingsPanel({ settings }: State, { at }: SettingsDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 52);
  return {
    title: "Settings",
    hint: "Enter changes · Esc closes",
    columns,
    body: settingsRows.map((row, item) =>
      itemRow(
        spread([span(row.label)], [span(valueText(settings, row), "strong")], columns),
        item,
        item === at,
        columns,
      ),
    ),
    at,
  };
}
