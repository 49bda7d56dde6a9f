import type { RowKey } from "../../core/client/index.ts";
import type { ActionOf } from "../keys/bindings.ts";
import { markRead } from "./conversations.ts";
import { effectOn, showMessage } from "./dialogs/message.ts";
import { showPictures } from "./previews.ts";
import type { Anchor, ChatState, Conversation } from "./state.ts";
import { activeConversation, andThen, clamp, type Step, step, withChat, withConversation } from "./step.ts";
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
  return andThen(andThen(loadOlder(scrolled, viewport), markRead), (there) => showPictures(there, viewport));
}

export function scrollToEnd(state: ChatState): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation) return step(state);
  const { group, newest } = conversation;
  const there = withConversation(state, group, { anchor: undefined, selected: undefined });
  return newest ? markRead(there) : step(there, { kind: "load", group, where: "newest" });
}

/** Fetches what is before the window as soon as its beginning is in view: from the vault, then from the server. */
export function loadOlder(state: ChatState, viewport: Viewport): Step<ChatState> {
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
  const key = conversation?.anchor?.key ?? conversation?.messages.at(-1)?.key;
  return key === undefined ? step(state) : select(withChat(state, { focus: "messages" }), key, viewport);
}

/** A key while a message is selected; undefined when it means nothing there. */
export function pressedInMessages(
  state: ChatState,
  action: ActionOf<"messages"> | undefined,
  viewport: Viewport,
): Step<ChatState> | undefined {
  const conversation = activeConversation(state);
  if (!conversation) return step(withChat(state, { focus: "input" }));
  const { messages, selected, group } = conversation;
  const at = messages.findIndex(({ key }) => key === selected);
  const message = messages[at];
  switch (action) {
    case "messageUp":
    case "messageDown": {
      const next = messages[clamp(action === "messageUp" ? at - 1 : at + 1, messages.length)];
      return next ? select(state, next.key, viewport) : step(state);
    }
    case "messageLeave":
      return leaveMessages(state);
    case "messageMenu":
      return message ? step(showMessage(state, message)) : step(state);
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
  const { active } = state.scene;
  const left = withChat(state, { focus: "input" });
  return active === undefined ? step(left) : step(withConversation(left, active, { selected: undefined }));
}

export function clickedMessage(state: ChatState, row: number, viewport: Viewport): Step<ChatState> {
  const conversation = activeConversation(state);
  const message = conversation?.messages.find(({ key }) => key === row);
  if (!conversation || !message) return step(state);
  if (conversation.selected === message.key) return step(showMessage(state, message));
  return select(withChat(state, { focus: "messages" }), message.key, viewport);
}

/** Selects a message, and scrolls to it if it is not in view. */
function select(state: ChatState, key: RowKey, viewport: Viewport): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation) return step(state);
  const { group, messages, newest } = conversation;
  const isLast = newest && messages.at(-1)?.key === key;
  const anchor = isLast ? undefined : anchorFor(conversation, key, state, viewport);
  return loadOlder(withConversation(state, group, { selected: key, anchor }), viewport);
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
