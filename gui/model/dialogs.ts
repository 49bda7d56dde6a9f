import type { GroupId } from "../../core/wire/ids.ts";
import { type Action, actionOf } from "../keys/bindings.ts";
import { nameOffer } from "./completion.ts";
import { openGroup } from "./conversations.ts";
import type {
  ConfirmDialog,
  Dialog,
  GroupDialog,
  MembersDialog,
  MessageDialog,
  SearchDialog,
  SettingsDialog,
  SwitchDialog,
  TransfersDialog,
  TrustDialog,
} from "./dialog.ts";
import { edited, oneLine } from "./editing.ts";
import { type Editor, insert, replaceBefore } from "./editor.ts";
import { clickedFile, pastedInFiles, pressedInFiles } from "./files.ts";
import { effectOn, menuOf } from "./message-menu.ts";
import { namesIn } from "./names.ts";
import { askBefore, showTrust } from "./open-dialogs.ts";
import type { View } from "./reading.ts";
import { settingsRows, turned } from "./settings-rows.ts";
import type { GroupRow, MemberRow, TransferRow } from "./shown.ts";
import {
  andThen,
  type ChatState,
  clamp,
  closeDialog,
  conversationOf,
  problem,
  replaceDialog,
  type Step,
  step,
  tell,
  withChat,
  withConversation,
} from "./step.ts";

interface Press {
  readonly name: string;
  readonly text?: string | undefined;
}

const pageRows = 10;

/** A key while a dialog is on top. */
export function pressedInDialog(state: ChatState, dialog: Dialog, press: Press, view: View): Step<ChatState> {
  const { bindings } = state;
  const action = actionOf(bindings, "dialog", press.name);
  const editing = actionOf(bindings, "input", press.name);
  if (action === "close") return closed(state, dialog);
  if (action === "quit") return step(state, { kind: "quit" });
  if (action === "redraw" || action === "suspend") return step(state, { kind: action });
  switch (dialog.kind) {
    case "help":
      return step(replaceDialog(state, { ...dialog, top: Math.max(0, movedBy(dialog.top, action)) }));
    case "group":
      return pressedInGroup(state, dialog, action, editing, press);
    case "members":
      return pressedInMembers(state, dialog, action, editing);
    case "trust":
      return pressedInTrust(state, dialog, action);
    case "files":
      return pressedInFiles(state, dialog, action, press, editing);
    case "search":
      return pressedInSearch(state, dialog, action, editing, press);
    case "switch":
      return pressedInSwitch(state, dialog, action, editing, press);
    case "settings":
      return pressedInSettings(state, dialog, action);
    case "message":
      return pressedInMessage(state, dialog, action, view);
    case "transfers":
      return pressedInTransfers(state, dialog, action, editing);
    case "confirm":
      return pressedInConfirm(state, dialog, action, press.name);
    default:
      return dialog satisfies never;
  }
}

/** A row of the dialog on top was clicked; its items are counted from 0. */
export function clickedInDialog(state: ChatState, dialog: Dialog, row: number, view: View): Step<ChatState> {
  const choose = (there: Dialog) =>
    pressedInDialog(replaceDialog(state, there), there, { name: chooseKey(state) }, view);
  switch (dialog.kind) {
    case "files":
      return clickedFile(state, dialog, row);
    case "members":
      return choose({ ...dialog, at: clamp(row, membersOf(state, dialog.group).length) });
    case "search":
      return choose({ ...dialog, at: clamp(row, dialog.hits.length) });
    case "switch":
      return choose({ ...dialog, at: clamp(row, groupsLike(state, dialog).length) });
    case "settings":
      return choose({ ...dialog, at: clamp(row, settingsRows.length) });
    case "message":
      return choose({ ...dialog, at: clamp(row, menuItems(state, dialog).length) });
    case "transfers":
      return choose({ ...dialog, at: clamp(row, state.scene.transfers.size) });
    case "confirm":
      return row > 1 ? step(state) : choose({ ...dialog, at: row === 0 ? "yes" : "no" });
    case "group": {
      const field = groupFields(dialog)[row];
      if (!field) return step(state);
      const there = { ...dialog, field };
      return field === "done" ? choose(there) : step(replaceDialog(state, there));
    }
    case "help":
    case "trust":
      return step(state);
    default:
      return dialog satisfies never;
  }
}

export function pastedInDialog(state: ChatState, dialog: Dialog, pasted: string, view: View): Step<ChatState> {
  const text = oneLine(pasted);
  if (dialog.kind === "files") return pastedInFiles(state, dialog, text);
  return pressedInDialog(state, dialog, { name: "", text }, view);
}

/** The fields of the form in the order in which Tab goes through them. */
export function groupFields({ group }: GroupDialog): readonly GroupDialog["field"][] {
  return group === undefined ? ["title", "add", "history", "expire", "done"] : ["title", "add", "remove", "done"];
}

/** How long a group's messages may be kept, in seconds; 0 keeps them. */
export const expiries = [0, 86_400, 604_800, 2_592_000] as const;

export const membersOf = (state: ChatState, group: GroupId): readonly MemberRow[] =>
  state.scene.conversations.get(group)?.facts?.members ?? [];

/** The groups that fit what was typed: those whose title begins with it before those that only have it. */
export function groupsLike({ scene }: ChatState, { words }: SwitchDialog): readonly GroupRow[] {
  const wanted = words.text.trim().toLowerCase();
  const rank = ({ title = "" }: GroupRow) => {
    const at = title.toLowerCase().indexOf(wanted);
    return at < 0 ? 2 : Math.min(at, 1);
  };
  return scene.groups.filter((row) => rank(row) < 2).toSorted((a, b) => rank(a) - rank(b));
}

export const transfersOf = ({ scene }: ChatState): readonly TransferRow[] => [...scene.transfers.values()];

export const menuItems = (state: ChatState, { group, key }: MessageDialog) => {
  const message = conversationOf(state, group).messages.find((of) => of.key === key);
  return message ? menuOf(message) : [];
};

const chooseKey = ({ bindings }: ChatState) => bindings.choose[0] ?? "enter";

function movedBy(at: number, action: Action | undefined): number {
  switch (action) {
    case "itemUp":
      return at - 1;
    case "itemDown":
      return at + 1;
    case "pageUp":
      return at - pageRows;
    case "pageDown":
      return at + pageRows;
    default:
      return at;
  }
}

function closed(state: ChatState, dialog: Dialog): Step<ChatState> {
  return dialog.kind === "confirm" ? refused(state, dialog) : step(closeDialog(state));
}

function pressedInGroup(
  state: ChatState,
  dialog: GroupDialog,
  action: Action | undefined,
  editing: Action | undefined,
  { text }: Press,
): Step<ChatState> {
  if (dialog.busy) return step(state);
  const fields = groupFields(dialog);
  const { field } = dialog;
  const goTo = (by: number) => {
    const at = (fields.indexOf(field) + by + fields.length) % fields.length;
    return step(replaceDialog(state, { ...dialog, field: fields[at] as GroupDialog["field"] }));
  };
  const completed = action === "nextField" ? completedName(state, dialog) : undefined;
  if (completed) return step(replaceDialog(state, completed));
  switch (action) {
    case "nextField":
    case "itemDown":
      return goTo(1);
    case "previousField":
    case "itemUp":
      return goTo(-1);
    case "choose":
      return field === "done" ? groupSubmitted(state, dialog) : goTo(1);
    default:
      break;
  }
  if (field === "history" || field === "expire") {
    if (action !== "toggle" && editing !== "left" && editing !== "right") return step(state);
    if (field === "history") return step(replaceDialog(state, { ...dialog, history: !dialog.history }));
    const next = expiries[(expiries.findIndex((of) => of === dialog.expire) + 1) % expiries.length] ?? 0;
    return step(replaceDialog(state, { ...dialog, expire: next }));
  }
  if (field === "done") return action === "toggle" ? groupSubmitted(state, dialog) : step(state);
  const changed = typedInto(dialog.fields[field], editing, text);
  if (!changed) return step(state);
  return step(replaceDialog(state, { ...dialog, fields: { ...dialog.fields, [field]: changed }, problem: undefined }));
}

/** Tab completes the name that was begun; what is whole already, or nobody's, is left behind for the next field. */
function completedName(state: ChatState, dialog: GroupDialog): GroupDialog | undefined {
  const { field, fields, group } = dialog;
  if (field !== "add" && field !== "remove") return undefined;
  const members = group === undefined ? [] : membersOf(state, group).map(({ name }) => name);
  const people = [...state.scene.people.values()].map(({ name }) => name);
  const names = field === "remove" ? members : people.filter((name) => !members.includes(name));
  const offer = nameOffer(names, fields[field]);
  if (!offer) return undefined;
  const completed = replaceBefore(fields[field], offer.from, offer.options[0] as string);
  return { ...dialog, fields: { ...fields, [field]: completed } };
}

function groupSubmitted(state: ChatState, dialog: GroupDialog): Step<ChatState> {
  const { group, fields, history, expire } = dialog;
  const title = fields.title.text.trim();
  const add = namesIn(fields.add.text);
  const remove = namesIn(fields.remove.text);
  if (title === "") {
    return step(replaceDialog(state, { ...dialog, field: "title", problem: "The group needs a title." }));
  }
  const busy = replaceDialog(state, { ...dialog, busy: true, problem: undefined });
  if (group === undefined) {
    return step(busy, { kind: "createGroup", title, members: add, history, expireSeconds: expire });
  }
  const isRenamed = title !== conversationOf(state, group).facts?.title;
  if (!isRenamed && add.length === 0 && remove.length === 0) return step(closeDialog(state));
  return step(busy, {
    kind: "amendGroup",
    group,
    ...(isRenamed && { title }),
    ...(add.length > 0 && { add }),
    ...(remove.length > 0 && { remove }),
  });
}

function pressedInMembers(
  state: ChatState,
  dialog: MembersDialog,
  action: Action | undefined,
  editing: Action | undefined,
): Step<ChatState> {
  const { group } = dialog;
  const members = membersOf(state, group);
  const member = members[dialog.at];
  if (member && action === "choose") return showTrust(state, member);
  if (member && action === "toggle") {
    const how = member.admin ? "demote" : "promote";
    const text = member.admin
      ? `${member.name} will no longer be able to change the group.`
      : `${member.name} will be able to add and remove members, you too.`;
    return step(
      askBefore(state, {
        title: `${how === "promote" ? "Promote" : "Demote"} ${member.name}?`,
        text,
        yes: how === "promote" ? "Promote" : "Demote",
        no: "Leave it",
        effects: [{ kind: "amendGroup", group, [how]: [member.name] }],
      }),
    );
  }
  if (member && editing === "eraseRight") {
    return step(
      askBefore(state, {
        title: `Remove ${member.name}?`,
        text: `${member.name} keeps what they have read, and reads nothing that is written from then on.`,
        yes: "Remove",
        no: "Keep",
        effects: [{ kind: "amendGroup", group, remove: [member.name] }],
      }),
    );
  }
  return step(replaceDialog(state, { ...dialog, at: clamp(movedBy(dialog.at, action), members.length) }));
}

function pressedInTrust(state: ChatState, dialog: TrustDialog, action: Action | undefined): Step<ChatState> {
  const { number, user } = dialog;
  if (action === "nextField") {
    return step(replaceDialog(state, { ...dialog, show: dialog.show === "qr" ? "digits" : "qr" }));
  }
  if (action !== "choose" || !number || user === state.scene.self.user) return step(state);
  if (number.trusted === "changed") {
    return step(
      askBefore(state, {
        title: `Accept the new identity of ${number.name}?`,
        text: `Only if ${number.name} says, face to face or on the telephone, that they have new keys. Otherwise somebody else may read what you write to them.`,
        yes: "Accept",
        no: "Do not accept",
        effects: [{ kind: "acceptIdentity", user }],
      }),
    );
  }
  return number.trusted === "verified" ? step(state) : step(state, { kind: "verify", user });
}

function pressedInSearch(
  state: ChatState,
  dialog: SearchDialog,
  action: Action | undefined,
  editing: Action | undefined,
  { text }: Press,
): Step<ChatState> {
  const { group, hits, at, words } = dialog;
  if (action === "choose") {
    const hit = hits[at];
    return hit ? openedAt(closeDialog(state), hit.group, hit.message.key) : step(state);
  }
  const to = clamp(movedBy(at, action), hits.length);
  if (to !== at) return step(replaceDialog(state, { ...dialog, at: to }));
  const changed = typedInto(words, editing, text);
  if (!changed) return step(state);
  const shown = replaceDialog(state, { ...dialog, words: changed });
  return changed.text === words.text ? step(shown) : step(shown, { kind: "search", group, words: changed.text });
}

/** Goes to a message, wherever it is. */
function openedAt(state: ChatState, group: GroupId, key: number): Step<ChatState> {
  return andThen(openGroup(state, group), (opened) => {
    const anchored = withConversation(opened, group, { anchor: { key, linesBelow: 0 }, selected: key });
    return step(withChat(anchored, { focus: "messages" }), { kind: "load", group, where: "around", from: key });
  });
}

function pressedInSwitch(
  state: ChatState,
  dialog: SwitchDialog,
  action: Action | undefined,
  editing: Action | undefined,
  { text }: Press,
): Step<ChatState> {
  const rows = groupsLike(state, dialog);
  if (action === "choose") {
    const row = rows[dialog.at];
    return row ? openGroup(closeDialog(state), row.group) : step(state);
  }
  const changed = typedInto(dialog.words, editing, text);
  if (changed) return step(replaceDialog(state, { ...dialog, words: changed, at: 0 }));
  return step(replaceDialog(state, { ...dialog, at: clamp(movedBy(dialog.at, action), rows.length) }));
}

function pressedInSettings(state: ChatState, dialog: SettingsDialog, action: Action | undefined): Step<ChatState> {
  const row = settingsRows[dialog.at];
  if (row && (action === "choose" || action === "toggle")) {
    const settings = turned(state.settings, row);
    return step({ ...state, settings }, { kind: "saveSettings", settings });
  }
  return step(replaceDialog(state, { ...dialog, at: clamp(movedBy(dialog.at, action), settingsRows.length) }));
}

function pressedInMessage(
  state: ChatState,
  dialog: MessageDialog,
  action: Action | undefined,
  view: View,
): Step<ChatState> {
  const { group, key, at } = dialog;
  const items = menuItems(state, dialog);
  if (action !== "choose") {
    return step(replaceDialog(state, { ...dialog, at: clamp(movedBy(at, action), items.length) }));
  }
  const item = items[at];
  const message = conversationOf(state, group).messages.find((of) => of.key === key);
  const closedAll = closeDialog(state);
  if (!item || !message || item.name === "close") return step(closedAll);
  if (item.name === "trust") return showTrust(closedAll, { user: message.sender });
  const effect = effectOn(group, message, item.name, view.pictureColumns(state));
  return effect ? step(closedAll, effect) : step(closedAll);
}

function pressedInTransfers(
  state: ChatState,
  dialog: TransfersDialog,
  action: Action | undefined,
  editing: Action | undefined,
): Step<ChatState> {
  const transfers = transfersOf(state);
  const transfer = transfers[dialog.at];
  if (transfer && editing === "eraseRight") return step(state, { kind: "cancelTransfer", id: transfer.id });
  if (transfer && action === "choose") {
    return transfer.stopped === undefined
      ? step(tell(state, "Delete cancels it."))
      : step(state, { kind: "resumeTransfer", id: transfer.id });
  }
  return step(replaceDialog(state, { ...dialog, at: clamp(movedBy(dialog.at, action), transfers.length) }));
}

function pressedInConfirm(
  state: ChatState,
  dialog: ConfirmDialog,
  action: Action | undefined,
  key: string,
): Step<ChatState> {
  if (action === "choose")
    return dialog.at === "yes" ? step(closeDialog(state), ...dialog.effects) : refused(state, dialog);
  const turns = action === "nextField" || action === "previousField" || key === "left" || key === "right";
  return turns ? step(replaceDialog(state, { ...dialog, at: dialog.at === "yes" ? "no" : "yes" })) : step(state);
}

/** "No" to sending a pasted path leaves it as a text. */
function refused(state: ChatState, { instead }: ConfirmDialog): Step<ChatState> {
  const closedOne = closeDialog(state);
  const { active } = closedOne.scene;
  if (instead === undefined || active === undefined) return step(closedOne);
  const { draft } = conversationOf(closedOne, active);
  return step(withConversation(closedOne, active, { draft: insert(draft, instead) }));
}

function typedInto(editor: Editor, editing: Action | undefined, text: string | undefined): Editor | undefined {
  return edited(editor, editing) ?? (text === undefined ? undefined : insert(editor, oneLine(text)));
}

/** What the account says of a group that a form has founded or amended, or could not. */
export function groupFormDone(state: ChatState, group: GroupId): Step<ChatState> {
  const form = state.scene.dialogs.find((dialog) => dialog.kind === "group" && dialog.busy);
  const rest = withChat(state, { dialogs: state.scene.dialogs.filter((dialog) => dialog !== form) });
  return openGroup(rest, group);
}

export function groupFormFailed(state: ChatState, text: string): ChatState {
  const form = state.scene.dialogs.find((dialog) => dialog.kind === "group" && dialog.busy);
  if (!form) return problem(state, text);
  const dialogs = state.scene.dialogs.map((dialog) =>
    dialog === form && dialog.kind === "group" ? { ...dialog, busy: false, problem: text } : dialog,
  );
  return withChat(state, { dialogs });
}
