import type { ActionOf } from "../keys/bindings.ts";
import { withGroup } from "./commands.ts";
import { leaveGroup, openNeighbour, openNextUnread } from "./conversations.ts";
import { showFiles } from "./dialogs/files.ts";
import { showGroup } from "./dialogs/group.ts";
import { showHelp } from "./dialogs/help.ts";
import { showMembers } from "./dialogs/members.ts";
import { showSearch } from "./dialogs/search.ts";
import { showSettings } from "./dialogs/settings.ts";
import { showSwitch } from "./dialogs/switch.ts";
import { showTransfers } from "./dialogs/transfers.ts";
import { leaveMessages, scroll, scrollToEnd, selectLast } from "./reading.ts";
import type { ChatState } from "./state.ts";
import { andThen, type Step, step, withChat } from "./step.ts";
import type { Viewport } from "./viewport.ts";

type Everywhere = ActionOf<"everywhere">;

/** What the keys do that mean the same wherever the focus is. */
const performers: { readonly [A in Everywhere]: (state: ChatState, viewport: Viewport) => Step<ChatState> } = {
  help: (state) => step(showHelp(state)),
  quit: (state) => andThen(leaveGroup(state), (left) => step(left, { kind: "quit" })),
  redraw: (state) => step(state, { kind: "redraw" }),
  suspend: (state) => step(state, { kind: "suspend" }),
  switch: (state) => step(showSwitch(state)),
  nextUnread: openNextUnread,
  previousGroup: (state) => openNeighbour(state, -1),
  nextGroup: (state) => openNeighbour(state, 1),
  find: (state) => showSearch(state, state.scene.active),
  findAll: (state) => showSearch(state, undefined),
  newGroup: (state) => showGroup(state, undefined),
  amendGroup: (state) => withGroup(state, showGroup),
  members: (state) => withGroup(state, showMembers),
  sendFile: (state) => withGroup(state, showFiles),
  transfers: (state) => step(showTransfers(state)),
  settings: (state) => step(showSettings(state)),
  focusNext,
  scrollUp: (state, viewport) => scroll(state, viewport, viewport.pageLines(state) - 1),
  scrollDown: (state, viewport) => scroll(state, viewport, 1 - viewport.pageLines(state)),
  scrollEnd: scrollToEnd,
};

export function performEverywhere(state: ChatState, action: Everywhere, viewport: Viewport): Step<ChatState> {
  return performers[action](state, viewport);
}

function focusNext(state: ChatState, viewport: Viewport): Step<ChatState> {
  const next = ({ input: "messages", messages: "groups", groups: "input" } as const)[state.scene.focus];
  if (next === "messages") return selectLast(state, viewport);
  return andThen(leaveMessages(state), (left) => step(withChat(left, { focus: next })));
}
