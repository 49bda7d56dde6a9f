import { mentions, wordsOf } from "../../core/client/index.ts";
import { type GroupId, seqBeforeFirst } from "../../core/wire/ids.ts";
import { markRead, openGroup } from "./conversations.ts";
import { askBefore } from "./dialogs/confirm.ts";
import { listed, previewed } from "./dialogs/files.ts";
import { groupForm, groupFormDone, groupFormFailed } from "./dialogs/group.ts";
import { showTrust } from "./dialogs/trust.ts";
import type { Effect } from "./effect.ts";
import type { AccountEvent } from "./event.ts";
import { lastSeqOf, withMessage, withoutMessage, withPage } from "./message-window.ts";
import { showPictures } from "./previews.ts";
import { broughtIntoView } from "./reading.ts";
import type { GroupRow, MessageRow, PersonRow } from "./shown.ts";
import type { ChatState } from "./state.ts";
import {
  andThen,
  conversationOf,
  mapDialogs,
  type Step,
  step,
  topDialog,
  withChat,
  withConversation,
  withProblem,
  withToast,
} from "./step.ts";
import type { Viewport } from "./viewport.ts";

/** How long a member is shown as typing after their last sign of it. */
const typingMs = 6000;

/** An event of the account, while the chat is on the screen. */
export function updateFromAccount(state: ChatState, event: AccountEvent, viewport: Viewport): Step<ChatState> {
  const { scene } = state;
  switch (event.kind) {
    case "connection":
      return step(withChat(state, { connection: { ...scene.connection, ...event.connection } }));
    case "groups":
      return newGroups(state, event.groups);
    case "people":
      return step(withChat(state, { people: byUser(event.people) }));
    case "page": {
      const conversation = withPage(conversationOf(state, event.group), event);
      const shown = withConversation(state, event.group, conversation);
      if (scene.active !== event.group) return step(shown);
      return broughtIntoView(shown, viewport);
    }
    case "fetched":
      return fetched(state, event);
    case "message":
      return received(state, event.group, event.message, viewport);
    case "discarded":
      return step(withConversation(state, event.group, withoutMessage(conversationOf(state, event.group), event.key)));
    case "facts":
      return step(withConversation(state, event.group, { facts: event.facts }));
    case "left":
      return step(withToast(state, "You are no member of this group any more; what you have read stays."));
    case "presence":
      return step(withConversation(state, event.group, { online: event.online }));
    case "readUpTo":
      return step(withConversation(state, event.group, { readUpTo: event.readUpTo }));
    case "typing": {
      if (event.user === scene.self.user) return step(state);
      const { typing } = conversationOf(state, event.group);
      return step(
        withConversation(state, event.group, { typing: new Map(typing).set(event.user, state.nowMs + typingMs) }),
      );
    }
    case "identityChanged":
      return identityChanged(state, event);
    case "safetyNumber": {
      const { number } = event;
      return step(
        mapDialogs(state, "trust", (dialog) => (dialog.user === number.user ? { ...dialog, number } : dialog)),
      );
    }
    case "hits": {
      const { group, words, hits } = event;
      return step(
        mapDialogs(state, "search", (dialog) =>
          dialog.group === group && dialog.words.text === words ? { ...dialog, hits, at: 0 } : dialog,
        ),
      );
    }
    case "directory":
      return step(listed(state, event));
    case "filePreview":
      return step(previewed(state, event));
    case "preview":
      return step(withChat(state, { previews: new Map(scene.previews).set(event.key, event.preview) }));
    case "transfer":
      return step(withChat(state, { transfers: new Map(scene.transfers).set(event.transfer.id, event.transfer) }));
    case "transferDone": {
      const transfers = new Map(scene.transfers);
      transfers.delete(event.id);
      return step(withToast(withChat(state, { transfers }), event.text));
    }
    case "fileExists":
      return step(
        askBefore(state, {
          title: "Replace the file?",
          text: `${event.file} is there already.`,
          yes: "Replace",
          no: "Keep it",
          effects: [{ kind: "saveFile", group: event.group, key: event.key, to: event.file, replace: true }],
        }),
      );
    case "groupDone":
      return groupDone(state, event.group);
    case "failed":
      return step(event.of === "group" ? groupFormFailed(state, event.text) : withProblem(state, event.text));
    case "news":
      return step(withToast(state, event.text));
    default:
      return event satisfies never;
  }
}

export const byUser = (people: readonly PersonRow[]): ReadonlyMap<PersonRow["user"], PersonRow> =>
  new Map(people.map((person) => [person.user, person]));

/** Removes members who have stopped typing. */
export function withoutStaleTyping(state: ChatState): ChatState {
  const conversations = [...state.scene.conversations.values()].map((conversation) => {
    const typing = new Map([...conversation.typing].filter(([, untilMs]) => untilMs > state.nowMs));
    return [conversation.group, { ...conversation, typing }] as const;
  });
  return withChat(state, { conversations: new Map(conversations) });
}

/** The first group of a user is shown at once. */
function newGroups(state: ChatState, rows: readonly GroupRow[]): Step<ChatState> {
  const groups = withOwnReading(state, rows);
  const next = withChat(state, { groups });
  const [first] = groups;
  return state.scene.active === undefined && first ? openGroup(next, first.group) : step(next);
}

/** The account may not have counted yet what the user has read a moment ago: the larger cursor is the newer one. */
function withOwnReading({ scene }: ChatState, rows: ChatState["scene"]["groups"]): ChatState["scene"]["groups"] {
  const mine = new Map(scene.groups.map((row) => [row.group, row]));
  return rows.map((row) => {
    const { readSeq, draft } = mine.get(row.group) ?? row;
    const drafted = { ...row, draft };
    return readSeq > row.readSeq ? { ...drafted, readSeq, unread: 0, mentions: 0 } : drafted;
  });
}

function fetched(state: ChatState, event: Extract<AccountEvent, { kind: "fetched" }>): Step<ChatState> {
  const { group, count, more } = event;
  const { messages } = conversationOf(state, group);
  if (event.problem !== undefined) {
    return step(withProblem(withConversation(state, group, { older: "server" }), event.problem));
  }
  if (count > 0) return step(state, { kind: "load", group, where: "older", from: messages[0]?.key });
  return step(withConversation(state, group, { older: more ? "server" : "none" }));
}

function received(state: ChatState, group: GroupId, message: MessageRow, viewport: Viewport): Step<ChatState> {
  const { scene } = state;
  const before = conversationOf(state, group);
  const isKnown = before.messages.some(({ key }) => key === message.key);
  const after = withConversation(state, group, stopsTyping(withMessage(before, message), message));
  const effects = isKnown ? [] : notification(state, group, message);
  const shown = step(after, ...effects);
  return scene.active === group ? andThen(andThen(shown, markRead), (there) => showPictures(there, viewport)) : shown;
}

function stopsTyping(conversation: ReturnType<typeof withMessage>, { sender }: MessageRow) {
  if (!conversation.typing.has(sender)) return conversation;
  const typing = new Map(conversation.typing);
  typing.delete(sender);
  return { ...conversation, typing };
}

/** Rings for a new message of somebody else that the user does not see. */
function notification(state: ChatState, group: GroupId, message: MessageRow): readonly Effect[] {
  const { scene, settings, focused } = state;
  const { content, sender, seq } = message;
  const row = scene.groups.find((of) => of.group === group);
  if (!content || sender === scene.self.user || settings.notify === "none") return [];
  const conversation = conversationOf(state, group);
  const seen = Math.max(row?.readSeq ?? seqBeforeFirst, lastSeqOf(conversation) ?? seqBeforeFirst);
  const isNew = seq === undefined || seq > seen;
  if (!isNew) return [];
  if (focused && scene.active === group && !conversation.anchor) return [];
  const words = wordsOf(content);
  if (settings.notify === "mentions" && !mentions(words, scene.self.name)) return [];
  const name = scene.people.get(sender)?.name ?? "somebody";
  return [{ kind: "notify", title: `${name} in ${row?.title ?? "a group"}`, text: words }];
}

/** Another identity is shown under a known name: the dialog about it opens over everything else. */
function identityChanged(
  state: ChatState,
  { user, name }: Extract<AccountEvent, { kind: "identityChanged" }>,
): Step<ChatState> {
  const top = topDialog(state);
  const warned = withProblem(state, `${name}'s identity has changed. Nothing is sent to ${name} until you accept it.`);
  return top?.kind === "trust" && top.user === user
    ? step(warned, { kind: "readSafetyNumber", user })
    : showTrust(warned, { user });
}

function groupDone(state: ChatState, group: GroupId): Step<ChatState> {
  const known = withRow(state, group);
  if (groupForm(state)?.busy) return groupFormDone(known, group);
  return openGroup(withToast(known, "Done."), group);
}

/** Adds a row for a group that was founded this moment, and is not in the list yet. */
function withRow(state: ChatState, group: GroupId): ChatState {
  const { groups } = state.scene;
  if (groups.some((row) => row.group === group)) return state;
  const row: GroupRow = {
    group,
    title: undefined,
    lastAt: state.nowMs,
    unread: 0,
    mentions: 0,
    readSeq: seqBeforeFirst,
    draft: "",
    left: false,
  };
  return withChat(state, { groups: [row, ...groups] });
}
