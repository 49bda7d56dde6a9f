import type { TransfersDialog } from "../dialog.ts";
import type { TransferRow } from "../shown.ts";
import type { ChatState } from "../state.ts";
import { openDialog, replaceDialog, type Step, step, withToast } from "../step.ts";
import { type Behaviour, clickedItem, movedTo, type Press } from "./behaviour.ts";

export const showTransfers = (state: ChatState): ChatState => openDialog(state, { kind: "transfers", at: 0 });

export const transfers: Behaviour<TransfersDialog> = {
  pressed,
  clicked: (state, dialog, row, viewport) =>
    clickedItem(pressed, { state, dialog, row, viewport }, state.scene.transfers.size),
};

export const transfersOf = ({ scene }: ChatState): readonly TransferRow[] => [...scene.transfers.values()];

function pressed(state: ChatState, dialog: TransfersDialog, { action, editing }: Press): Step<ChatState> {
  const transfers = transfersOf(state);
  const transfer = transfers[dialog.at];
  if (transfer && editing === "eraseRight") return step(state, { kind: "cancelTransfer", id: transfer.id });
  if (transfer && action === "choose") {
    return transfer.stopped === undefined
      ? step(withToast(state, "Delete cancels it."))
      : step(state, { kind: "resumeTransfer", id: transfer.id });
  }
  return step(replaceDialog(state, { ...dialog, at: movedTo(dialog.at, action, transfers.length) }));
}
