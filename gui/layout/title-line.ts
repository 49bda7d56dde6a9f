import { harmlessLine } from "../../core/client/index.ts";
import type { Chat, Conversation } from "../model/state.ts";
import { cut } from "../text/width.ts";
import { hasLeft, titleOf } from "./group-list.ts";
import { columnsOfLine, filled, type Line, span } from "./line.ts";
import { durationText } from "./moment.ts";
import { listed, nameOf } from "./people.ts";

/** The title of the group, its members, and whether somebody's identity has changed. */
export function titleLine(chat: Chat, conversation: Conversation | undefined, columns: number): Line {
  if (!conversation) return filled([span(" FastChat", "heading")], columns, "bar");
  const { facts, group, online } = conversation;
  const title = facts?.title === undefined ? titleOf(chat, group) : harmlessLine(facts.title);
  const right = [...factsOf(chat, conversation), span(" ")];
  const room = Math.max(8, columns - columnsOfLine(right) - 3);
  const left: Line = [span(" "), span(cut(title, Math.min(room, columns - 2)), "heading")];
  const details = hasLeft(chat, group)
    ? "  you are no member any more"
    : facts
      ? `  ${facts.members.length} member${facts.members.length === 1 ? "" : "s"}${online.size > 0 ? `, ${online.size} online` : ""}`
      : "";
  const withDetails: Line = [...left, span(details, "dim")];
  const isRoomy = columnsOfLine(withDetails) + columnsOfLine(right) + 1 <= columns;
  const shown = isRoomy ? withDetails : left;
  const space = columns - columnsOfLine(shown) - columnsOfLine(right);
  return filled(space > 0 ? [...shown, span(" ".repeat(space)), ...right] : shown, columns, "bar");
}

function factsOf(chat: Chat, { facts }: Conversation): Line {
  if (!facts) return [];
  const changed = facts.members.filter(({ user }) => chat.people.get(user)?.trusted === "changed");
  if (changed.length > 0) {
    const names = listed(
      changed.map(({ user }) => nameOf(chat, facts, user)),
      2,
    );
    return [span(`! identity of ${names} changed`, "changed")];
  }
  const others = facts.members.filter(({ user }) => user !== chat.self.user);
  const isVerified = others.length > 0 && others.every(({ user }) => chat.people.get(user)?.trusted === "verified");
  const kept = facts.expireSeconds > 0 ? [span(`kept ${durationText(facts.expireSeconds)}`, "dim")] : [];
  return isVerified ? [...kept, span(kept.length > 0 ? "  ✓ all verified" : "✓ all verified", "verified")] : kept;
}
