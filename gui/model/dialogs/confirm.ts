import type { ConfirmDialog } from "../dialog.ts";
import { insert } from "../editor.ts";
import type { ChatState } from "../state.ts";
import { activeDraft, closeDialog, openDialog, replaceDialog, type Step, step, withActive } from "../step.ts";
import { type Behaviour, choosing, type Press } from "./behaviour.ts";

export function askBefore(state: ChatState, ask: Omit<ConfirmDialog, "kind" | "at">): ChatState {
  return openDialog(state, { ...ask, kind: "confirm", at: "no" });
}

export const confirm: Behaviour<ConfirmDialog> = {
  pressed,
  clicked(state, dialog, row) {
    if (row > 1) return step(state);
    const there = { ...dialog, at: row === 0 ? "yes" : "no" } as const;
    return pressed(replaceDialog(state, there), there, choosing);
  },
  closed: refused,
};

function pressed(state: ChatState, dialog: ConfirmDialog, { action, name }: Press): Step<ChatState> {
  if (action === "choose")
    return dialog.at === "yes" ? step(closeDialog(state), ...dialog.effects) : refused(state, dialog);
  const turns = action === "nextField" || action === "previousField" || name === "left" || name === "right";
  return turns ? step(replaceDialog(state, { ...dialog, at: dialog.at === "yes" ? "no" : "yes" })) : step(state);
}

/** "No" to sending a pasted path leaves it as a text. */
function refused(state: ChatState, { instead }: ConfirmDialog): Step<ChatState> {
  const closedOne = closeDialog(state);
  if (instead === undefined) return step(closedOne);
  return step(withActive(closedOne, { draft: insert(activeDraft(closedOne), instead) }));
}
