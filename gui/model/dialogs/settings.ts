import type { SettingsDialog } from "../dialog.ts";
import type { Settings } from "../settings.ts";
import type { ChatState } from "../state.ts";
import { openDialog, replaceDialog, type Step, step } from "../step.ts";
import { type Behaviour, clickedItem, movedTo, type Press } from "./behaviour.ts";

export const showSettings = (state: ChatState): ChatState => openDialog(state, { kind: "settings", at: 0 });

export const settings: Behaviour<SettingsDialog> = {
  pressed,
  clicked: (state, dialog, row, viewport) =>
    clickedItem(pressed, { state, dialog, row, viewport }, settingsRows.length),
};

function pressed(state: ChatState, dialog: SettingsDialog, { action }: Press): Step<ChatState> {
  const row = settingsRows[dialog.at];
  if (row && (action === "choose" || action === "toggle")) {
    const settings = turned(state.settings, row);
    return step({ ...state, settings }, { kind: "saveSettings", settings });
  }
  return step(replaceDialog(state, { ...dialog, at: movedTo(dialog.at, action, settingsRows.length) }));
}

interface SettingRow<K extends keyof Settings = keyof Settings> {
  readonly key: K;
  readonly label: string;
  readonly values: readonly (readonly [value: Settings[K], text: string])[];
}

const row = <K extends keyof Settings>(key: K, label: string, values: SettingRow<K>["values"]) => ({
  key,
  label,
  values,
});

const onOff = [
  [true, "on"],
  [false, "off"],
] as const;

/** The settings in the order of the list, each with its values. */
export const settingsRows: readonly SettingRow[] = [
  row("theme", "Colours", [
    ["dark", "dark"],
    ["light", "light"],
    ["none", "none"],
  ]),
  row("notify", "Bell and notification", [
    ["mentions", "for mentions"],
    ["all", "for every message"],
    ["none", "never"],
  ]),
  row("typing", "Others see that you write", onOff),
  row("receipts", "Others see what you have read", onOff),
  row("previews", "Pictures in the conversation", onOff),
];

export function valueText(settings: Settings, { key, values }: SettingRow): string {
  return values.find(([value]) => value === settings[key])?.[1] ?? "";
}

/** Switches a setting to its next value. */
export function turned(settings: Settings, { key, values }: SettingRow): Settings {
  const at = values.findIndex(([value]) => value === settings[key]);
  return { ...settings, [key]: values[(at + 1) % values.length]?.[0] };
}
