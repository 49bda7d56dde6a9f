import type { Dialog } from "../../model/dialog.ts";
import type { ChatState } from "../../model/step.ts";
import { type Panel, roomOf } from "../panel.ts";
import { confirmPanel } from "./confirm.ts";
import { filesPanel } from "./files.ts";
import { groupPanel } from "./group.ts";
import { helpPanel } from "./help.ts";
import { membersPanel } from "./members.ts";
import { messagePanel } from "./message.ts";
import { searchPanel } from "./search.ts";
import { settingsPanel } from "./settings.ts";
import { switchPanel } from "./switch.ts";
import { transfersPanel } from "./transfers.ts";
import { trustPanel } from "./trust.ts";

/** What a dialog says. */
export function panelOf(state: ChatState, dialog: Dialog): Panel {
  const room = roomOf(state.size);
  switch (dialog.kind) {
    case "help":
      return helpPanel(state, dialog, room);
    case "group":
      return groupPanel(dialog, room);
    case "members":
      return membersPanel(state, dialog, room);
    case "trust":
      return trustPanel(state, dialog, room);
    case "files":
      return filesPanel(state, dialog, room);
    case "search":
      return searchPanel(state, dialog, room);
    case "switch":
      return switchPanel(state, dialog, room);
    case "settings":
      return settingsPanel(state, dialog, room);
    case "message":
      return messagePanel(state, dialog, room);
    case "transfers":
      return transfersPanel(state, dialog, room);
    case "confirm":
      return confirmPanel(dialog, room);
    default:
      return dialog satisfies never;
  }
}
