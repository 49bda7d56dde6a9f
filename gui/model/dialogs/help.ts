import type { HelpDialog } from "../dialog.ts";
import type { ChatState } from "../state.ts";
import { openDialog, replaceDialog, step } from "../step.ts";
import { type Behaviour, movedBy } from "./behaviour.ts";

export const showHelp = (state: ChatState): ChatState => openDialog(state, { kind: "help", top: 0 });

export const help: Behaviour<HelpDialog> = {
  pressed: (state, dialog, { action }) =>
    step(replaceDialog(state, { ...dialog, top: Math.max(0, movedBy(dialog.top, action)) })),
};
