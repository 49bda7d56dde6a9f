import type { DialogKind, DialogOf } from "../../model/dialog.ts";
import type { ChatState, Size } from "../../model/state.ts";
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

/** What each kind of dialog looks like. */
const panels: { readonly [K in DialogKind]: (state: ChatState, dialog: DialogOf<K>, room: Size) => Panel } = {
  confirm: confirmPanel,
  files: filesPanel,
  group: groupPanel,
  help: helpPanel,
  members: membersPanel,
  message: messagePanel,
  search: searchPanel,
  settings: settingsPanel,
  switch: switchPanel,
  transfers: transfersPanel,
  trust: trustPanel,
};

export function panelOf<K extends DialogKind>(state: ChatState, dialog: DialogOf<K>): Panel {
  return panels[dialog.kind](state, dialog, roomOf(state.size));
}
