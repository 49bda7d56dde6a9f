import type { GroupId } from "../../../core/wire/ids.ts";
import type { MembersDialog } from "../dialog.ts";
import type { MemberRow } from "../shown.ts";
import type { ChatState } from "../state.ts";
import { factsOf, openDialog, replaceDialog, type Step, step } from "../step.ts";
import { type Behaviour, clickedItem, movedTo, type Press } from "./behaviour.ts";
import { askBefore } from "./confirm.ts";
import { showTrust } from "./trust.ts";

export const showMembers = (state: ChatState, group: GroupId): Step<ChatState> =>
  step(openDialog(state, { kind: "members", group, at: 0 }));

export const members: Behaviour<MembersDialog> = {
  pressed,
  clicked: (state, dialog, row, viewport) =>
    clickedItem(pressed, { state, dialog, row, viewport }, membersOf(state, dialog.group).length),
};

export const membersOf = (state: ChatState, group: GroupId | undefined): readonly MemberRow[] =>
  factsOf(state, group)?.members ?? [];

function pressed(state: ChatState, dialog: MembersDialog, { action, editing }: Press): Step<ChatState> {
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
  return step(replaceDialog(state, { ...dialog, at: movedTo(dialog.at, action, members.length) }));
}
