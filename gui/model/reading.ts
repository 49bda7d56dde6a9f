import type { RowKey } from "../../core/client/index.ts";
import type { ActionOf } from "../keys/bindings.ts";
import { markRead } from "./conversations.ts";
import { effectOn, showMessage } from "./dialogs/message.ts";
import { showPictures } from "./previews.ts";
import type { MessageRow } from "./shown.ts";
import type { Anchor, ChatState, Conversation } from "./state.ts";
import { activeConversation, andThen, type Step, step, withActive, withChat, withConversation } from "./step.ts";
import type { Viewport } from "./viewport.ts";

export function scroll(state: ChatState, viewport: Viewport, lines: number): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation) return step(state);
  const anchor = viewport.scrolled(state, conversation, lines);
  const { group, newest, messages } = conversation;
  const last = messages.at(-1);
  // The window ends before the conversation does: the next page is loaded.
  const isAtEdge = anchor === undefined && !newest && last !== undefined;
  const kept = isAtEdge ? { key: last.key, linesBelow: 0 } : anchor;
  const scrolled = withConversation(state, group, { anchor: kept });
  if (isAtEdge) return step(scrolled, { kind: "load", group, where: "newer", from: last.key });
  return broughtIntoView(scrolled, viewport);
}

/** Other messages are in view: what is before them is loaded, they are marked as read, and their pictures are shown. */
export function broughtIntoView(state: ChatState, viewport: Viewport): Step<ChatState> {
  return andThen(andThen(loadOlder(state, viewport), markRead), (there) => showPictures(there, viewport));
}

export function scrollToEnd(state: ChatState): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation) return step(state);
  const { group, newest } = conversation;
  const there = withConversation(state, group, { anchor: undefined, selected: undefined });
  return newest ? markRead(there) : step(there, { kind: "load", group, where: "newest" });
}

/** Fetches what is before the window as soon as its beginning is in view: from the vault, then from the server. */
function loadOlder(state: ChatState, viewport: Viewport): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation || !viewport.showsFirst(state, conversation)) return step(state);
  const { group, older, messages } = conversation;
  const loading = withConversation(state, group, { older: "loading" });
  if (older === "vault") return step(loading, { kind: "load", group, where: "older", from: messages[0]?.key });
  return older === "server" ? step(loading, { kind: "fetchOlder", group }) : step(state);
}

/** Moves the focus to the messages, and selects the last one in view. */
export function selectLast(state: ChatState, viewport: Viewport): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation) return step(state);
  const { messages, anchor } = conversation;
  const message = messages.find(({ key }) => key === anchor?.key) ?? messages.at(-1);
  return message ? select(state, conversation, message, viewport) : step(state);
}

/** A key while a message is selected; undefined when it means nothing there. */
export function pressedInMessages(
  state: ChatState,
  action: ActionOf<"messages"> | undefined,
  viewport: Viewport,
): Step<ChatState> | undefined {
  const conversation = activeConversation(state);
  if (!conversation) return step(state);
  const { messages, selected, group } = conversation;
  const at = messages.findIndex(({ key }) => key === selected);
  const message = messages[at];
  switch (action) {
    case "messageUp":
    case "messageDown": {
      if (!message) return selectLast(state, viewport);
      const next = messages[action === "messageUp" ? at - 1 : at + 1];
      return select(state, conversation, next ?? message, viewport);
    }
    case "messageLeave":
      return leaveMessages(state);
    case "messageMenu":
      return message ? step(showMessage(state, group, message)) : step(state);
    case "messageRetry":
    case "messageSave":
    case "messageOpen": {
      const what = ({ messageRetry: "retry", messageSave: "save", messageOpen: "open" } as const)[action];
      const effect = message && effectOn(group, message, what, viewport.pictureColumns(state));
      return effect ? step(state, effect) : step(state);
    }
    default:
      return action satisfies undefined;
  }
}

export function leaveMessages(state: ChatState): Step<ChatState> {
  return step(withActive(withChat(state, { focus: "input" }), { selected: undefined }));
}

export function clickedMessage(state: ChatState, row: number, viewport: Viewport): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation) return step(state);
  const { group, messages, selected } = conversation;
  const message = messages.find(({ key }) => key === row);
  if (!message) return step(state);
  if (selected === message.key) return step(showMessage(state, group, message));
  return select(state, conversation, message, viewport);
}

/** Selects a message of the conversation that is shown, and scrolls to it if it is not in view. */
function select(
  state: ChatState,
  conversation: Conversation,
  message: MessageRow,
  viewport: Viewport,
): Step<ChatState> {
  const { group, messages, newest } = conversation;
  const { key } = message;
  const isLast = newest && message === messages.at(-1);
  const anchor = isLast ? undefined : anchorFor(conversation, key, state, viewport);
  const selected = withConversation(state, group, { selected: key, anchor });
  return broughtIntoView(withChat(selected, { focus: "messages" }), viewport);
}

/** Scrolls as little as needed: the bottom stays where it is as long as the message is between it and the top. */
function anchorFor(conversation: Conversation, key: RowKey, state: ChatState, viewport: Viewport): Anchor | undefined {
  const { messages, anchor } = conversation;
  const indexOf = (of: number | undefined) => messages.findIndex((message) => message.key === of);
  const bottom = anchor === undefined ? messages.length - 1 : indexOf(anchor.key);
  const wanted = indexOf(key);
  if (wanted >= bottom) return { key, linesBelow: 0 };
  const top = viewport.scrolled(state, { ...conversation, anchor }, viewport.pageLines(state) - 2);
  return wanted <= indexOf(top?.key) ? viewport.scrolled(state, { ...conversation, anchor }, 3) : anchor;
}
