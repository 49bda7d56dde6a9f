import { actionIn, type Bindings } from "../keys/bindings.ts";
import { byUser, updateFromAccount, withoutStaleTyping } from "./account-events.ts";
import { editorDone, pastedInInput, pressedInInput } from "./composer.ts";
import { markRead, openGroup, openNeighbour, pressedInGroups } from "./conversations.ts";
import { clickedInDialog, pastedInDialog, pressedInDialog, wheeledInDialog } from "./dialogs/dialogs.ts";
import type { Event } from "./event.ts";
import { performEverywhere } from "./everywhere.ts";
import { clickedMessage, leaveMessages, pressedInMessages, scroll } from "./reading.ts";
import type { Settings } from "./settings.ts";
import { updateSignIn } from "./sign-in.ts";
import type { Chat, ChatState, SignIn, Size, State } from "./state.ts";
import { andThen, clamp, closeDialog, type Step, step, topDialog } from "./step.ts";
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
  const { bindings, scene } = state;
  const { focus } = scene;
  const everywhere = actionIn(bindings, "everywhere", name);
  if (everywhere && !actionIn(bindings, focus, name)) return performEverywhere(state, everywhere, viewport);
  const inFocus = {
    input: () => pressedInInput(state, { action: actionIn(bindings, "input", name), text }, viewport),
    messages: () => pressedInMessages(state, actionIn(bindings, "messages", name), viewport),
    groups: () => pressedInGroups(state, actionIn(bindings, "groups", name)),
  }[focus]();
  if (inFocus) return inFocus;
  // A letter that means nothing here goes into the message box.
  return text !== undefined && text !== " "
    ? andThen(leaveMessages(state), (left) => pressedInInput(left, { action: undefined, text }, viewport) ?? step(left))
    : step(state);
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
  if (dialog) return wheeledInDialog(state, dialog, up, viewport);
  if (on === "groups") return openNeighbour(state, up ? -1 : 1);
  return scroll(state, viewport, up ? wheelLines : -wheelLines);
}
