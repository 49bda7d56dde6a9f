import type { GroupId } from "../../../core/wire/ids.ts";
import { openGroup } from "../conversations.ts";
import type { DialogOf, GroupDialog } from "../dialog.ts";
import { editorOf, emptyEditor, replaceBefore } from "../editor.ts";
import { namesIn } from "../names.ts";
import { nameOffer } from "../offer.ts";
import type { ChatState } from "../state.ts";
import {
  closeDialog,
  factsOf,
  mapDialogs,
  openDialog,
  replaceDialog,
  type Step,
  step,
  withChat,
  withProblem,
} from "../step.ts";
import { type Behaviour, choosing, type Press, typedInto } from "./behaviour.ts";
import { membersOf } from "./members.ts";

/** Founds a group, or amends one. */
export function showGroup(state: ChatState, group: GroupId | undefined): Step<ChatState> {
  const title = factsOf(state, group)?.title ?? "";
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

export const group: Behaviour<GroupDialog> = {
  pressed,
  clicked(state, dialog, row) {
    const field = groupFields(dialog)[row];
    if (!field) return step(state);
    const there = { ...dialog, field };
    const moved = replaceDialog(state, there);
    return field === "done" ? pressed(moved, there, choosing) : step(moved);
  },
};

/** The fields of the form in the order in which Tab goes through them. */
export function groupFields({ group }: GroupDialog): readonly GroupDialog["field"][] {
  return group === undefined ? ["title", "add", "history", "expire", "done"] : ["title", "add", "remove", "done"];
}

/** The form that is open, perhaps under other dialogs. */
export const groupForm = ({ scene }: ChatState): DialogOf<"group"> | undefined =>
  scene.dialogs.findLast((dialog) => dialog.kind === "group");

/** The group of the form was founded or amended: the form closes. */
export function groupFormDone(state: ChatState, group: GroupId): Step<ChatState> {
  const dialogs = state.scene.dialogs.filter(({ kind }) => kind !== "group");
  return openGroup(withChat(state, { dialogs }), group);
}

export function groupFormFailed(state: ChatState, text: string): ChatState {
  if (!groupForm(state)?.busy) return withProblem(state, text);
  return mapDialogs(state, "group", (dialog) => ({ ...dialog, busy: false, problem: text }));
}

/** How long a group's messages may be kept, in seconds; 0 keeps them. */
const expiries = [0, 86_400, 604_800, 2_592_000] as const;

function pressed(state: ChatState, dialog: GroupDialog, press: Press): Step<ChatState> {
  if (dialog.busy) return step(state);
  const { action, editing } = press;
  const fields = groupFields(dialog);
  const { field } = dialog;
  const goTo = (by: number) => {
    const next = fields[(fields.indexOf(field) + by + fields.length) % fields.length] ?? field;
    return step(replaceDialog(state, { ...dialog, field: next }));
  };
  const completed = action === "nextField" ? completedName(state, dialog) : undefined;
  if (completed) return step(replaceDialog(state, completed));
  if (action === "nextField" || action === "itemDown") return goTo(1);
  if (action === "previousField" || action === "itemUp") return goTo(-1);
  if (action === "choose") return field === "done" ? groupSubmitted(state, dialog) : goTo(1);
  if (field === "history" || field === "expire") {
    if (action !== "toggle" && editing !== "left" && editing !== "right") return step(state);
    if (field === "history") return step(replaceDialog(state, { ...dialog, history: !dialog.history }));
    const next = expiries[(expiries.findIndex((of) => of === dialog.expire) + 1) % expiries.length] ?? 0;
    return step(replaceDialog(state, { ...dialog, expire: next }));
  }
  if (field === "done") return action === "toggle" ? groupSubmitted(state, dialog) : step(state);
  const changed = typedInto(dialog.fields[field], press);
  if (!changed) return step(state);
  return step(replaceDialog(state, { ...dialog, fields: { ...dialog.fields, [field]: changed }, problem: undefined }));
}

/** Tab completes the name that was begun; where there is nothing to complete, it goes to the next field. */
function completedName(state: ChatState, dialog: GroupDialog): GroupDialog | undefined {
  const { field, fields, group } = dialog;
  if (field !== "add" && field !== "remove") return undefined;
  const members = membersOf(state, group).map(({ name }) => name);
  const people = [...state.scene.people.values()].map(({ name }) => name);
  const names = field === "remove" ? members : people.filter((name) => !members.includes(name));
  const offer = nameOffer(names, fields[field]);
  if (offer?.options[0] === undefined) return undefined;
  const completed = replaceBefore(fields[field], offer.from, offer.options[0]);
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
  const isRenamed = title !== factsOf(state, group)?.title;
  if (!isRenamed && add.length === 0 && remove.length === 0) return step(closeDialog(state));
  return step(busy, {
    kind: "amendGroup",
    group,
    ...(isRenamed && { title }),
    ...(add.length > 0 && { add }),
    ...(remove.length > 0 && { remove }),
  });
}
