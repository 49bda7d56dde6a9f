import type { GroupId } from "../../core/wire/ids.ts";
import type { Dialog } from "./dialog.ts";
import { type Editor, editorOf, emptyEditor } from "./editor.ts";
import type { Effect } from "./effect.ts";
import type { GroupFacts } from "./shown.ts";
import type { Chat, ChatState, Conversation, State, Toast } from "./state.ts";

/** A new state, and the effects that are to be performed. */
export interface Step<S extends State = State> {
  readonly state: S;
  readonly effects: readonly Effect[];
}

const toastMs = 6000;

export function step<S extends State>(state: S, ...effects: readonly Effect[]): Step<S> {
  return { state, effects };
}

/** Two steps in a row, with the effects of both. */
export function andThen<S extends State, T extends State>(first: Step<S>, next: (state: S) => Step<T>): Step<T> {
  const second = next(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}

/** Shows a line in the status bar, for a few seconds. */
export function withToast<S extends State>(state: S, text: string, kind: Toast["kind"] = "info"): S {
  return { ...state, toast: { kind, text, untilMs: state.nowMs + toastMs } };
}

export const withProblem = <S extends State>(state: S, text: string): S => withToast(state, text, "problem");

export function withChat(state: ChatState, change: Partial<Chat>): ChatState {
  return { ...state, scene: { ...state.scene, ...change } };
}

/** Changes a conversation that the user has looked at before; does nothing for another. */
export function withConversation(state: ChatState, group: GroupId, change: Partial<Conversation>): ChatState {
  const before = state.scene.conversations.get(group);
  if (!before) return state;
  return withChat(state, { conversations: new Map(state.scene.conversations).set(group, { ...before, ...change }) });
}

/** Changes the conversation that is shown; does nothing while none is. */
export function withActive(state: ChatState, change: Partial<Conversation>): ChatState {
  const conversation = activeConversation(state);
  return conversation ? withConversation(state, conversation.group, change) : state;
}

export const activeConversation = (state: ChatState): Conversation | undefined => visited(state, state.scene.active);

/** What is known about a group that the user has looked at. */
export const factsOf = (state: ChatState, group: GroupId | undefined): GroupFacts | undefined =>
  visited(state, group)?.facts;

const visited = ({ scene }: ChatState, group: GroupId | undefined) =>
  group === undefined ? undefined : scene.conversations.get(group);

/** The text in the message box. */
export const activeDraft = (state: ChatState): Editor => activeConversation(state)?.draft ?? emptyEditor;

/** The group's conversation, or an empty one if the user has not looked at it before. */
export function conversationOf(state: ChatState, group: GroupId): Conversation {
  const known = visited(state, group);
  if (known) return known;
  const row = state.scene.groups.find((of) => of.group === group);
  return {
    group,
    facts: undefined,
    messages: [],
    older: "loading",
    newest: true,
    anchor: undefined,
    newFrom: undefined,
    selected: undefined,
    draft: editorOf(row?.draft ?? ""),
    online: new Set(),
    readUpTo: new Map(),
    typing: new Map(),
  };
}

export const topDialog = ({ scene }: ChatState): Dialog | undefined => scene.dialogs.at(-1);

export function openDialog(state: ChatState, dialog: Dialog): ChatState {
  return withChat(state, { dialogs: [...state.scene.dialogs, dialog] });
}

/** Replaces the dialog on top. */
export function replaceDialog(state: ChatState, dialog: Dialog): ChatState {
  return withChat(state, { dialogs: [...state.scene.dialogs.slice(0, -1), dialog] });
}

export function closeDialog(state: ChatState): ChatState {
  return withChat(state, { dialogs: state.scene.dialogs.slice(0, -1) });
}

/** Changes all dialogs of a kind, whether or not they are on top. */
export function mapDialogs<K extends Dialog["kind"]>(
  state: ChatState,
  kind: K,
  change: (dialog: Extract<Dialog, { kind: K }>) => Dialog,
): ChatState {
  const isOne = (dialog: Dialog): dialog is Extract<Dialog, { kind: K }> => dialog.kind === kind;
  return withChat(state, { dialogs: state.scene.dialogs.map((dialog) => (isOne(dialog) ? change(dialog) : dialog)) });
}

export const clamp = (at: number, length: number): number => Math.max(0, Math.min(at, length - 1));
