import { openGroup } from "../conversations.ts";
import type { SwitchDialog } from "../dialog.ts";
import { emptyEditor } from "../editor.ts";
import type { GroupRow } from "../shown.ts";
import type { ChatState } from "../state.ts";
import { closeDialog, openDialog, replaceDialog, type Step, step } from "../step.ts";
import { type Behaviour, clickedItem, movedTo, type Press, typedInto } from "./behaviour.ts";

export const showSwitch = (state: ChatState): ChatState =>
  openDialog(state, { kind: "switch", words: emptyEditor, at: 0 });

export const switchGroup: Behaviour<SwitchDialog> = {
  pressed,
  clicked: (state, dialog, row, viewport) =>
    clickedItem(pressed, { state, dialog, row, viewport }, groupsLike(state, dialog).length),
};

/** The groups whose title contains what was typed; first those whose title begins with it. */
export function groupsLike({ scene }: ChatState, { words }: SwitchDialog): readonly GroupRow[] {
  const wanted = words.text.trim().toLowerCase();
  const rank = ({ title = "" }: GroupRow) => {
    const at = title.toLowerCase().indexOf(wanted);
    return at < 0 ? 2 : Math.min(at, 1);
  };
  return scene.groups.filter((row) => rank(row) < 2).toSorted((a, b) => rank(a) - rank(b));
}

function pressed(state: ChatState, dialog: SwitchDialog, press: Press): Step<ChatState> {
  const { action } = press;
  const rows = groupsLike(state, dialog);
  if (action === "choose") {
    const row = rows[dialog.at];
    return row ? openGroup(closeDialog(state), row.group) : step(state);
  }
  const changed = typedInto(dialog.words, press);
  if (changed) return step(replaceDialog(state, { ...dialog, words: changed, at: 0 }));
  return step(replaceDialog(state, { ...dialog, at: movedTo(dialog.at, action, rows.length) }));
}
