import type { GroupId, UserId } from "../../core/wire/ids.ts";
import type { ConfirmDialog } from "./dialog.ts";
import { editorOf, emptyEditor } from "./editor.ts";
import { type ChatState, conversationOf, openDialog, type Step, step } from "./step.ts";

export const showHelp = (state: ChatState): ChatState => openDialog(state, { kind: "help", top: 0 });
export const showSettings = (state: ChatState): ChatState => openDialog(state, { kind: "settings", at: 0 });
export const showTransfers = (state: ChatState): ChatState => openDialog(state, { kind: "transfers", at: 0 });
export const showSwitch = (state: ChatState): ChatState =>
  openDialog(state, { kind: "switch", words: emptyEditor, at: 0 });

/** Founds a group, or amends one. */
export function showGroup(state: ChatState, group: GroupId | undefined): Step<ChatState> {
  const title = group === undefined ? "" : (conversationOf(state, group).facts?.title ?? "");
  return step(
    openDialog(state, {
      kind: "group",
      group,
      fields: { title: editorOf(title), add: emptyEditor, remove: emptyEditor },
      field: group === undefined ? "title" : "add",
      history: false,
      expire: 0,
      busy: false,
      problem: undefined,
    }),
  );
}

export const showMembers = (state: ChatState, group: GroupId): Step<ChatState> =>
  step(openDialog(state, { kind: "members", group, at: 0 }));

/** The safety number with somebody; when another identity is claimed for them, what that means. */
export function showTrust(state: ChatState, { user }: { readonly user: UserId }): Step<ChatState> {
  const dialog = { kind: "trust", user, number: undefined, show: "digits" } as const;
  return step(openDialog(state, dialog), { kind: "readSafetyNumber", user });
}

export function showSearch(state: ChatState, group: GroupId | undefined, words = ""): Step<ChatState> {
  const opened = openDialog(state, { kind: "search", group, words: editorOf(words), hits: [], at: 0 });
  return words === "" ? step(opened) : step(opened, { kind: "search", group, words });
}

export function askBefore(state: ChatState, ask: Omit<ConfirmDialog, "kind" | "at">): ChatState {
  return openDialog(state, { ...ask, kind: "confirm", at: "no" });
}
