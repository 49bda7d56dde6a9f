import { type GroupId, nextSeq } from "../../core/wire/ids.ts";
import type { ActionOf } from "../keys/bindings.ts";
import { lastSeqOf } from "./message-window.ts";
import type { ChatState } from "./state.ts";
import {
  activeConversation,
  andThen,
  clamp,
  conversationOf,
  type Step,
  step,
  withChat,
  withConversation,
} from "./step.ts";

/** Goes to a group's conversation. */
export function openGroup(state: ChatState, group: GroupId): Step<ChatState> {
  const { active, groups } = state.scene;
  if (active === group) return step(withChat(state, { focus: "input" }));
  const row = groups.find((of) => of.group === group);
  if (!row) return step(state);
  const left = leaveGroup(state);
  const { conversations } = left.state.scene;
  const isNew = !conversations.has(group);
  const conversation = {
    ...conversationOf(state, group),
    newFrom: row.unread > 0 ? nextSeq(row.readSeq) : undefined,
    anchor: undefined,
    selected: undefined,
  };
  const opened = withChat(left.state, {
    active: group,
    conversations: new Map(conversations).set(group, conversation),
    focus: "input",
    recalled: undefined,
    completion: undefined,
  });
  const load = isNew || !conversation.newest ? [{ kind: "load", group, where: "newest" } as const] : [];
  return andThen(step(opened, ...left.effects, { kind: "show", group, before: active }, ...load), markRead);
}

/** Keeps the draft of the conversation that is shown, before another one is shown. */
export function leaveGroup(state: ChatState): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation) return step(state);
  const { group, draft } = conversation;
  const { groups, recalled } = state.scene;
  const { text } = recalled?.kept ?? draft;
  const kept = recalled ? withConversation(state, group, { draft: recalled.kept }) : state;
  if (groups.find((row) => row.group === group)?.draft === text) return step(kept);
  const rows = groups.map((row) => (row.group === group ? { ...row, draft: text } : row));
  return step(withChat(kept, { groups: rows }), { kind: "saveDraft", group, text });
}

/** Marks the conversation as read if its newest message is on the screen and the user is at the terminal. */
export function markRead(state: ChatState): Step<ChatState> {
  const conversation = activeConversation(state);
  if (!conversation || !state.focused || conversation.anchor || !conversation.newest) return step(state);
  const { group } = conversation;
  const seq = lastSeqOf(conversation);
  const row = state.scene.groups.find((of) => of.group === group);
  if (seq === undefined || !row || seq <= row.readSeq) return step(state);
  const groups = state.scene.groups.map((of) => (of === row ? { ...of, readSeq: seq, unread: 0, mentions: 0 } : of));
  return step(withChat(state, { groups }), { kind: "markRead", group, seq });
}

/** Goes to the conversation below in the list, or to the one above. */
export function openNeighbour(state: ChatState, by: 1 | -1): Step<ChatState> {
  const { groups, active } = state.scene;
  const at = groups.findIndex(({ group }) => group === active);
  const next = groups[at < 0 ? 0 : at + by];
  return next ? openGroup(state, next.group) : step(state);
}

/** Goes to the next conversation in which somebody mentioned the user, or else to the next with unread messages. */
export function openNextUnread(state: ChatState): Step<ChatState> {
  const { groups, active } = state.scene;
  const from = groups.findIndex(({ group }) => group === active) + 1;
  const others = [...groups.slice(from), ...groups].filter(({ group }) => group !== active);
  const next = others.find(({ mentions }) => mentions > 0) ?? others.find(({ unread }) => unread > 0);
  return next ? openGroup(state, next.group) : step(state);
}

/** A key while the list of groups has the focus; undefined when it means nothing there. */
export function pressedInGroups(state: ChatState, action: ActionOf<"groups"> | undefined): Step<ChatState> | undefined {
  const { groups, active } = state.scene;
  switch (action) {
    case "groupUp":
    case "groupDown": {
      const at = groups.findIndex(({ group }) => group === active);
      const next = groups[clamp(action === "groupUp" ? at - 1 : at + 1, groups.length)];
      return next
        ? andThen(openGroup(state, next.group), (there) => step(withChat(there, { focus: "groups" })))
        : step(state);
    }
    case "groupOpen":
      return step(withChat(state, { focus: "input" }));
    default:
      return action satisfies undefined;
  }
}
