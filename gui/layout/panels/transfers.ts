import { harmlessLine } from "../../../core/client/index.ts";
import type { TransfersDialog } from "../../model/dialog.ts";
import { transfersOf } from "../../model/dialogs/transfers.ts";
import type { ChatState, Size } from "../../model/state.ts";
import { cut } from "../../text/width.ts";
import { bytesText } from "../bytes-text.ts";
import { firstKey } from "../key-label.ts";
import { filled, span } from "../line.ts";
import { itemRow, type Panel, rowsOf } from "../panel.ts";
import { progressBar } from "../progress-bar.ts";

const barColumns = 24;

/** Files on their way, and those that stopped. */
export function transfersPanel(state: ChatState, { at }: TransfersDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 76);
  const nameColumns = Math.max(6, columns - barColumns - 14);
  const body = transfersOf(state).map(({ way, name, done, of, stopped }, item) => {
    const shown = filled(
      [span(way === "up" ? "↑ " : "↓ ", "key"), span(cut(harmlessLine(name), nameColumns - 3))],
      nameColumns,
    );
    const rest =
      stopped === undefined
        ? [...progressBar(done, of, barColumns), span(`  of ${bytesText(of)}`, "dim")]
        : [span(`stopped: ${harmlessLine(stopped)}`, "problem")];
    return itemRow([...shown, ...rest], item, item === at, columns);
  });
  return {
    title: "Files on their way",
    hint: `Enter resumes · ${firstKey(state.bindings.eraseRight)} cancels · Esc closes`,
    columns,
    body: body.length > 0 ? body : rowsOf([[span("none", "dim")]]),
    at,
  };
}
