import { harmlessLine } from "../../core/client/index.ts";
import type { ChangeRow, GroupFacts } from "../model/shown.ts";
import type { Chat } from "../model/state.ts";
import { listed, nameOrYou } from "./people.ts";

/** What somebody did to a group, in a sentence. */
export function changeText(chat: Chat, facts: GroupFacts | undefined, change: ChangeRow): string {
  const by = nameOrYou(chat, facts, change.by);
  const whom = listed(change.subjects.map((user) => nameOrYou(chat, facts, user)));
  const title = change.title === undefined ? "" : ` “${harmlessLine(change.title)}”`;
  switch (change.action) {
    case "create":
      return `${by} founded the group${title}${whom && ` with ${whom}`}`;
    case "admit":
      return `${by} added ${whom}`;
    case "remove":
      return `${by} removed ${whom}`;
    case "leave":
      return `${by} left`;
    case "promote":
      return `${by} made ${whom} admin`;
    case "demote":
      return `${by} took the admin's rights from ${whom}`;
    case "rename":
      return title ? `${by} renamed the group to${title}` : `${by} renamed the group`;
    case "rekey":
      return `${by} gave the group a new key`;
    default:
      return change.action satisfies never;
  }
}
