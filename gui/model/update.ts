import { actionOf, type Bindings } from "../keys/bindings.ts";
import { byUser, updateFromAccount, withoutStaleTyping } from "./account-events.ts";
import { withGroup } from "./commands.ts";
import { editorDone, pastedInInput, pressedInInput } from "./composer.ts";
import { leaveGroup, markRead, openGroup, openNeighbour, openNextUnread, pressedInGroups } from "./conversations.ts";
import { clickedInDialog, pastedInDialog, pressedInDialog } from "./dialogs/dialogs.ts";
import { showFiles } from "./dialogs/files.ts";
import { showGroup } from "./dialogs/group.ts";
import { showHelp } from "./dialogs/help.ts";
import { showMembers } from "./dialogs/members.ts";
import { showSearch } from "./dialogs/search.ts";
import { showSettings } from "./dialogs/settings.ts";
import { showSwitch } from "./dialogs/switch.ts";
import { showTransfers } from "./dialogs/transfers.ts";
import type { Event } from "./event.ts";
import { clickedMessage, leaveMessages, pressedInMessages, scroll, scrollToEnd, selectLast } from "./reading.ts";
import type { Settings } from "./settings.ts";
import { updateSignIn } from "./sign-in.ts";
import type { Chat, ChatState, Focus, SignIn, Size, State } from "./state.ts";
import { andThen, clamp, closeDialog, type Step, step, topDialog, withChat } from "./step.ts";
import type { Viewport } from "./viewport.ts";

export function initialState(of: {
  readonly size: Size;
  readonly nowMs: number;
  readonly settings: Settings;
  readonly bindings: Bindings;
  readonly scene: SignIn;
}): State {
  return { ...of, toast: undefined, focused: true };
}

const wheelLines = 3;

/** All behaviour of the client: the state after an event, and the effects that it calls for. */
export function update(state: State, event: Event, viewport: Viewport): Step {
  switch (event.kind) {
    case "resized":
      return step({ ...state, size: event.size });
    case "tick":
      return step(ticked(state, event.nowMs));
    case "focused": {
      const focused = { ...state, focused: event.focused };
      return isChat(focused) ? markRead(focused) : step(focused);
    }
    case "accountOpened":
      return opened(state, event);
    default:
      return isChat(state) ? updateChat(state, event, viewport) : updateSignIn(state, event);
  }
}

export const isChat = (state: State): state is ChatState => state.scene.kind === "chat";

function ticked(state: State, nowMs: number): State {
  const toast = state.toast && state.toast.untilMs > nowMs ? state.toast : undefined;
  const clocked = { ...state, nowMs, toast };
  return isChat(clocked) ? withoutStaleTyping(clocked) : clocked;
}

function opened(state: State, { self, groups, people, settings }: Extract<Event, { kind: "accountOpened" }>): Step {
  const scene: Chat = {
    kind: "chat",
    self,
    connection: {
      state: "connecting",
      why: "",
      server: undefined,
      strategy: undefined,
      roundTripMs: undefined,
      waiting: 0,
    },
    groups,
    people: byUser(people),
    active: undefined,
    conversations: new Map(),
    focus: "input",
    dialogs: [],
    transfers: new Map(),
    previews: new Map(),
    sentLines: [],
    recalled: undefined,
    completion: undefined,
  };
  const chat: ChatState = { ...state, scene, settings, toast: undefined };
  const first = groups.find(({ left }) => !left) ?? groups[0];
  return first ? openGroup(chat, first.group) : step(chat);
}

type ChatEvent = Exclude<Event, { kind: "resized" | "tick" | "focused" | "accountOpened" }>;

function updateChat(state: ChatState, event: ChatEvent, viewport: Viewport): Step<ChatState> {
  const dialog = topDialog(state);
  switch (event.kind) {
    case "key":
      return dialog ? pressedInDialog(state, dialog, event, viewport) : pressed(state, event, viewport);
    case "paste":
      return dialog ? pastedInDialog(state, dialog, event.text, viewport) : pastedInInput(state, event.text);
    case "click":
      return clicked(state, event, viewport);
    case "wheel":
      return wheeled(state, event, viewport);
    case "edited":
      return step(editorDone(state, event.text));
    case "doing":
    case "signInFailed":
      return step(state);
    default:
      return updateFromAccount(state, event, viewport);
  }
}

function pressed(
  state: ChatState,
  { name, text }: Extract<Event, { kind: "key" }>,
  viewport: Viewport,
): Step<ChatState> {
  const { focus } = state.scene;
  const action = actionOf(state.bindings, focus, name);
  const { active } = state.scene;
  switch (action) {
    case "quit":
      return andThen(leaveGroup(state), (left) => step(left, { kind: "quit" }));
    case "suspend":
    case "redraw":
      return step(state, { kind: action });
    case "help":
      return step(showHelp(state));
    case "switch":
      return step(showSwitch(state));
    case "settings":
      return step(showSettings(state));
    case "transfers":
      return step(showTransfers(state));
    case "nextUnread":
      return openNextUnread(state);
    case "previousGroup":
      return openNeighbour(state, -1);
    case "nextGroup":
      return openNeighbour(state, 1);
    case "find":
      return showSearch(state, active);
    case "findAll":
      return showSearch(state, undefined);
    case "newGroup":
      return showGroup(state, undefined);
    case "amendGroup":
      return withGroup(state, showGroup);
    case "members":
      return withGroup(state, showMembers);
    case "sendFile":
      return withGroup(state, showFiles);
    case "focusNext":
      return focused(state, ({ input: "messages", messages: "groups", groups: "input" } as const)[focus], viewport);
    case "scrollUp":
      return scroll(state, viewport, viewport.pageLines(state) - 1);
    case "scrollDown":
      return scroll(state, viewport, 1 - viewport.pageLines(state));
    case "scrollEnd":
      return scrollToEnd(state);
    case "selectMessage":
      return selectLast(state, viewport);
    default:
      break;
  }
  const inFocus = {
    input: () => pressedInInput(state, action, text),
    messages: () => pressedInMessages(state, action, viewport),
    groups: () => pressedInGroups(state, action),
  }[focus]();
  if (inFocus) return inFocus;
  // A letter that means nothing here goes into the message box.
  return focus !== "input" && text !== undefined && text !== " "
    ? andThen(leaveMessages(state), (left) => pressedInInput(left, undefined, text) ?? step(left))
    : step(state);
}

function focused(state: ChatState, focus: Focus, viewport: Viewport): Step<ChatState> {
  if (focus === "messages") return selectLast(state, viewport);
  return andThen(leaveMessages(state), (left) => step(withChat(left, { focus })));
}

function clicked(
  state: ChatState,
  { on, row }: Extract<Event, { kind: "click" }>,
  viewport: Viewport,
): Step<ChatState> {
  const dialog = topDialog(state);
  if (dialog) return on === "dialog" ? clickedInDialog(state, dialog, row, viewport) : step(closeDialog(state));
  switch (on) {
    case "groups": {
      const { groups } = state.scene;
      const of = groups[clamp(row, groups.length)];
      return of ? openGroup(state, of.group) : step(state);
    }
    case "conversation":
      return clickedMessage(state, row, viewport);
    case "input":
      return leaveMessages(state);
    default:
      return step(state);
  }
}

function wheeled(state: ChatState, { on, up }: Extract<Event, { kind: "wheel" }>, viewport: Viewport): Step<ChatState> {
  const dialog = topDialog(state);
  const { itemUp, itemDown } = state.bindings;
  if (dialog) return pressedInDialog(state, dialog, { name: (up ? itemUp : itemDown)[0] ?? "" }, viewport);
  if (on === "groups") return openNeighbour(state, up ? -1 : 1);
  return scroll(state, viewport, up ? wheelLines : -wheelLines);
}
