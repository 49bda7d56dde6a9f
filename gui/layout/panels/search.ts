import { harmlessLine } from "../../../core/client/index.ts";
import type { SearchDialog } from "../../model/dialog.ts";
import type { ChatState, Size } from "../../model/state.ts";
import { columnsOf, cut } from "../../text/width.ts";
import { field } from "../field.ts";
import { titleOf } from "../group-list.ts";
import { type Line, type Span, span } from "../line.ts";
import { shortMoment } from "../moment.ts";
import { itemRow, type Panel, rowsOf } from "../panel.ts";
import { nameOf, nickStyle } from "../people.ts";

/** The messages that were found, each in a line around the first of the words. */
export function searchPanel(state: ChatState, { group, words, hits, at }: SearchDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 90);
  const { scene, nowMs } = state;
  const { line, cursor } = field("Find", words, columns);
  const body = hits.map(({ group: where, message }, item) => {
    const facts = scene.conversations.get(where)?.facts;
    const { content, sender } = message;
    const text = content?.kind === "text" ? content.text : `${content?.name ?? ""} ${content?.text ?? ""}`;
    const before: Span[] = [
      span(shortMoment(message.at, nowMs).padStart(7), "time"),
      span(" "),
      ...(group === undefined ? [span(cut(titleOf(scene, where), 14), "heading"), span(" ")] : []),
      span(cut(nameOf(scene, facts, sender), 14), sender === scene.self.user ? "own" : nickStyle(sender)),
      span("  "),
    ];
    const taken = before.reduce((sum, part) => sum + columnsOf(part.text), 0);
    const found = around(harmlessLine(text), harmlessLine(words.text), columns - taken);
    return itemRow([...before, ...found], item, item === at, columns);
  });
  const none = words.text.trim() === "" ? "Words of messages, or the beginnings of words." : "Nothing was found.";
  return {
    title: group === undefined ? "Search all conversations" : cut(`Search ${titleOf(scene, group)}`, room.columns),
    hint: "Enter goes there · Esc closes",
    columns,
    head: [{ line, cursor }],
    body: body.length > 0 ? body : rowsOf([[span(none, "dim")]]),
    at,
  };
}

/** The text around the first of the words, which is highlighted. */
function around(text: string, words: string, columns: number): Line {
  const lower = text.toLowerCase();
  const wanted = words.toLowerCase().matchAll(/\S+/g);
  const [first] = Array.from(wanted, ([word]) => [lower.indexOf(word), word.length] as const)
    .filter(([at]) => at >= 0)
    .sort(([a], [b]) => a - b);
  // Some letters change their length with their case: then an index into the lower-case text is none into the text.
  if (!first || lower.length !== text.length) return [span(cut(text, columns))];
  const [at, length] = first;
  const from = at + length > columns - 1 ? Math.max(0, at - (columns >> 2)) : 0;
  const begun = `${from > 0 ? "…" : ""}${text.slice(from, at)}`;
  return [span(begun), span(text.slice(at, at + length), "unread"), span(text.slice(at + length))];
}
