import { harmlessLine } from "../../../core/client/index.ts";
import type { MembersDialog } from "../../model/dialog.ts";
import { membersOf } from "../../model/dialogs/members.ts";
import type { PersonRow } from "../../model/shown.ts";
import type { ChatState, Size } from "../../model/state.ts";
import { conversationOf } from "../../model/step.ts";
import { cut } from "../../text/width.ts";
import { firstKey } from "../key-label.ts";
import { filled, type Line, span, spread } from "../line.ts";
import { itemRow, type Panel } from "../panel.ts";
import { nickStyle } from "../people.ts";

/** The members of a group, with their roles, their presence and how far their identities are trusted. */
export function membersPanel(state: ChatState, { group, at }: MembersDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 56);
  const { scene, bindings } = state;
  const members = membersOf(state, group);
  const { online } = conversationOf(state, group);
  const body = members.map((member, item) => {
    const isSelf = member.user === scene.self.user;
    const isOnline = isSelf || online.has(member.user);
    const right = isSelf ? [span("you", "dim")] : trustSpans(scene.people.get(member.user));
    const role = member.admin ? [span("  admin", "strong")] : [];
    const name = cut(harmlessLine(member.name), Math.max(4, columns - 22));
    const left: Line = [
      span(isOnline ? "● " : "○ ", isOnline ? "online" : "dim"),
      span(name, isSelf ? "own" : nickStyle(member.user)),
      ...role,
    ];
    return itemRow(spread(left, right, columns), item, item === at, columns);
  });
  return {
    title: `Members (${members.length})`,
    hint: `Enter safety number · ${firstKey(bindings.toggle)} role · ${firstKey(bindings.eraseRight)} removes`,
    columns,
    body: body.length > 0 ? body : [{ line: filled([span("not known yet", "dim")], columns) }],
    at,
  };
}

function trustSpans({ trusted }: Pick<PersonRow, "trusted"> = { trusted: "pinned" }): Line {
  switch (trusted) {
    case "verified":
      return [span("✓ verified", "verified")];
    case "changed":
      return [span("! changed", "changed")];
    case "pinned":
      return [span("not compared", "dim")];
    default:
      return trusted satisfies never;
  }
}
