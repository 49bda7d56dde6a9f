import { harmlessLine } from "../../core/client/index.ts";
import type { GroupRow } from "../model/shown.ts";
import type { Chat, State } from "../model/state.ts";
import { columnsOf, cut } from "../text/width.ts";
import { filled, type Line, span } from "./line.ts";
import { listed } from "./people.ts";
import type { Place } from "./places.ts";

/** The list of groups: their unread messages, and which one is shown. */
export function groupListLines(state: State, chat: Chat, { columns, rows }: Place): Line[] {
  const isWhole = columns === state.size.columns;
  const inner = isWhole ? columns : columns - 1;
  const border = isWhole ? [] : [span("│", "border")];
  const head = filled([span(" "), span(harmlessLine(chat.self.name), "own")], inner, "bar");
  const top = topOf(chat, rows - 1);
  const shown = chat.groups.slice(top, top + rows - 1);
  const lines = [head, ...shown.map((row) => groupLine(chat, row, inner))];
  if (chat.groups.length === 0 && rows > 2) lines.push(filled([span(" no groups yet", "dim")], inner));
  while (lines.length < rows) lines.push(filled([], inner));
  return lines.map((line) => [...line, ...border]);
}

/** The group in a row of the list, counted from its top. */
export function groupAt(chat: Chat, { rows }: Place, row: number): number | undefined {
  const index = topOf(chat, rows - 1) + row - 1;
  return row > 0 && index < chat.groups.length ? index : undefined;
}

/** A list that is too long shows the part around the group that is shown. */
function topOf({ groups, active }: Chat, rows: number): number {
  const at = groups.findIndex(({ group }) => group === active);
  return Math.max(0, Math.min(at - (rows >> 1), groups.length - rows));
}

function groupLine(chat: Chat, row: GroupRow, columns: number): Line {
  const isActive = row.group === chat.active;
  const count = row.unread > 0 ? [span(row.unread > 999 ? "999+" : String(row.unread), "unread")] : [];
  const mention = row.mentions > 0 ? [span(`@${Math.min(row.mentions, 99)} `, "mentionOwn")] : [];
  const writers = isActive ? 0 : (chat.conversations.get(row.group)?.typing.size ?? 0);
  const sign = writers > 0 ? [span("✎ ", "dim")] : row.draft !== "" && !isActive ? [span("… ", "dim")] : [];
  const right = [...sign, ...mention, ...count, span(" ")];
  const rightColumns = right.reduce((sum, { text }) => sum + columnsOf(text), 0);
  const style = row.left ? "dim" : row.unread > 0 ? "strong" : "text";
  const mark = isActive ? (chat.focus === "groups" ? "▶" : "▌") : " ";
  const title = cut(groupTitle(row), columns - 2 - rightColumns);
  const line = [...filled([span(mark, "own"), span(title, style)], columns - rightColumns), ...right];
  return filled(line, columns, isActive ? "selected" : undefined);
}

/** The title of a group; its number while its log has not been read. */
export const groupTitle = ({ title, group }: Pick<GroupRow, "title" | "group">): string =>
  title === undefined ? `group ${group}` : harmlessLine(title) || "untitled";

export const titleOf = (chat: Chat, group: GroupRow["group"]): string =>
  groupTitle(chat.groups.find((row) => row.group === group) ?? { group, title: undefined });

/** Whether the user is no member of a group any more. */
export const hasLeft = (chat: Chat, group: GroupRow["group"]): boolean =>
  chat.groups.some((row) => row.group === group && row.left);

/** "alice is writing…" and the like; empty if nobody is. */
export function writersText(names: readonly string[]): string {
  if (names.length === 0) return "";
  if (names.length > 3) return `${names.length} people are writing…`;
  return `${listed(names)} ${names.length === 1 ? "is" : "are"} writing…`;
}
