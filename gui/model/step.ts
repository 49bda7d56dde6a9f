import type { GroupId } from "../../core/wire/ids.ts";
import type { Dialog } from "./dialog.ts";
import { editorOf } from "./editor.ts";
import type { Effect } from "./effect.ts";
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

export const activeConversation = ({ scene }: ChatState): Conversation | undefined =>
  scene.active === undefined ? undefined : scene.conversations.get(scene.active);

/** The group's conversation, or an empty one if the user has not looked at it before. */
export function conversationOf({ scene }: ChatState, group: GroupId): Conversation {
  const known = scene.conversations.get(group);
  if (known) return known;
  const row = scene.groups.find((of) => of.group === group);
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
