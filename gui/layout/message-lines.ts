import { type FileContent, harmless, harmlessLine } from "../../core/client/index.ts";
import type { MessageRow, TransferRow } from "../model/shown.ts";
import type { Chat, Conversation, State } from "../model/state.ts";
import { cut } from "../text/width.ts";
import { bytesText } from "./bytes-text.ts";
import { firstKey } from "./key-label.ts";
import { columnsOfLine, filled, type Line, type Span, type Style, span } from "./line.ts";
import { marked, wrapSpans } from "./marked-text.ts";
import { type MessageShape, receiptColumns } from "./message-shape.ts";
import { clockTime } from "./moment.ts";
import { canonical, memberNames, nameOf, nickStyle } from "./people.ts";
import { pictureLines } from "./picture.ts";
import { progressBar } from "./progress-bar.ts";

/** What is needed to draw a message. */
export interface MessageView {
  readonly state: State;
  readonly chat: Chat;
  readonly conversation: Conversation;
  readonly shape: MessageShape;
}

/** The lines of a message. One that continues another, right behind it and from the same sender, does not repeat the name. */
export function messageLines(view: MessageView, message: MessageRow, continued: MessageRow | undefined): Line[] {
  const { shape, conversation, chat } = view;
  const isOwn = message.sender === chat.self.user;
  const columns = Math.max(4, shape.columns - shape.indent - (isOwn ? receiptColumns : 0));
  const body = bodyLines(view, message, columns);
  const head = headOf(view, message, continued);
  const lines = shape.isNarrow
    ? [...(continued ? [] : [head]), ...body.map((line) => [span("  "), ...line])]
    : body.map((line, at) => [...(at === 0 ? head : [span(" ".repeat(shape.indent))]), ...line]);
  const last = lines.length - 1;
  const receipt = isOwn ? receiptOf(view, message) : undefined;
  const withReceipt = receipt
    ? lines.map((line, at) => (at === last ? atRight(line, receipt, shape.columns) : line))
    : lines;
  const isSelected = conversation.selected === message.key && chat.focus === "messages";
  if (isSelected) return withReceipt.map((line) => filled(barred(line, "own"), shape.columns, "selected"));
  const namesSelf = !isOwn && body.some((line) => line.some(({ style }) => style === "mentionOwn"));
  return namesSelf ? withReceipt.map((line) => barred(line, "mentionOwn")) : withReceipt;
}

/** Mark, time and name: left of the text, or in a line above it. */
function headOf(
  { chat, conversation, shape }: MessageView,
  message: MessageRow,
  continued: MessageRow | undefined,
): Span[] {
  const { sender, at } = message;
  const name = cut(nameOf(chat, conversation.facts, sender), shape.nameColumns);
  const style = nameStyle(chat, message);
  if (shape.isNarrow) return [span(" "), span(name, style), span(` ${clockTime(at)}`, "time")];
  const time = clockTime(at);
  if (!continued)
    return [span(" "), span(time, "time"), span(" "), ...filled([span(name, style)], shape.nameColumns), span("  ")];
  const isSameMinute = clockTime(continued.at) === time;
  return [span(" "), span(isSameMinute ? "     " : time, "dim"), span(" ".repeat(shape.nameColumns + 3))];
}

function nameStyle(chat: Chat, { sender }: MessageRow): Style {
  if (sender === chat.self.user) return "own";
  return chat.people.get(sender)?.trusted === "changed" ? "changed" : nickStyle(sender);
}

/** Marks a selected message with a bar in the first column, which is kept free for it. */
function barred(line: Line, style: Style): Line {
  const [first, ...rest] = line;
  return first ? [span("▌", style), { ...first, text: first.text.slice(1) }, ...rest] : line;
}

function atRight(line: Line, right: Line, columns: number): Line {
  const space = columns - columnsOfLine(line) - columnsOfLine(right);
  return space < 1 ? line : [...line, span(" ".repeat(space)), ...right];
}

/** The receipt of an own message: it waits, the server has it, or how many have read it. */
function receiptOf({ chat, conversation }: MessageView, { state, seq }: MessageRow): Line | undefined {
  if (state === "failed") return [span("✗", "problem")];
  if (state === "unreadable") return undefined;
  if (seq === undefined) return [span("…", "dim")];
  let readers = 0;
  for (const [user, upTo] of conversation.readUpTo) if (user !== chat.self.user && upTo >= seq) readers++;
  if (readers === 0) return [span("✓", "dim")];
  return [span(`✓✓ ${Math.min(99, readers)}`, "verified")];
}

function bodyLines(view: MessageView, message: MessageRow, columns: number): readonly Line[] {
  const { content, state, why } = message;
  const reason = harmlessLine(why ?? "");
  if (content === undefined || state === "unreadable") {
    return wrapSpans([span(`cannot be read${reason && `: ${reason}`}`, "problem")], columns);
  }
  const lines =
    content.kind === "text"
      ? textLines(view, message, content.text, columns)
      : fileLines(view, message, content, columns);
  if (state !== "failed") return lines;
  const way = `${firstKey(view.state.bindings.messageRetry)} sends it again`;
  return [
    ...lines,
    ...wrapSpans([span(`not sent${reason && `: ${reason}`} `, "problem"), span(`(${way})`, "dim")], columns),
  ];
}

/** Wrapped once for a width and a membership: a long message is not broken into lines at every draw. */
function textLines(
  { chat, conversation }: MessageView,
  message: MessageRow,
  text: string,
  columns: number,
): readonly Line[] {
  const { facts } = conversation;
  const known = wrapped.get(message);
  if (known?.columns === columns && known.facts === facts) return known.lines;
  const spans = marked(harmless(text), "text", facts ? memberNames(facts) : new Set(), canonical(chat.self.name));
  const lines = wrapSpans(spans, columns);
  wrapped.set(message, { columns, facts, lines });
  return lines;
}

const wrapped = new WeakMap<
  MessageRow,
  {
    readonly columns: number;
    readonly facts: Conversation["facts"];
    readonly lines: readonly Line[];
  }
>();

function fileLines(view: MessageView, message: MessageRow, content: FileContent, columns: number): Line[] {
  const { state, chat, conversation } = view;
  const size = bytesText(content.size);
  const name = cut(harmlessLine(content.name) || "a file", Math.max(4, columns - size.length - 4));
  const lines: Line[] = [[span("▤ ", "dim"), span(name, "link"), span(`  ${size}`, "dim")]];
  const transfer = transferOf(chat, conversation, content);
  if (transfer) lines.push(transferLine(transfer, columns));
  const preview = state.settings.previews ? chat.previews.get(message.key) : undefined;
  if (preview?.kind === "loading") lines.push([span("the picture comes…", "dim")]);
  if (preview?.kind === "none") lines.push([span(cut(harmlessLine(preview.why), columns), "dim")]);
  if (preview?.kind === "lines") lines.push(...pictureLines(preview.lines, columns, preview.graphic));
  if (content.text) lines.push(...textLines(view, message, content.text, columns));
  return lines;
}

/** The download of a message's file. */
function transferOf(chat: Chat, { group }: Conversation, { name, size }: FileContent): TransferRow | undefined {
  for (const transfer of chat.transfers.values()) {
    const isOfIt = transfer.way === "down" && transfer.group === group && transfer.name === name;
    if (isOfIt && (transfer.of === 0 || transfer.of >= size)) return transfer;
  }
  return undefined;
}

function transferLine({ done, of, stopped }: TransferRow, columns: number): Line {
  if (stopped !== undefined) return [span(cut(`stopped: ${harmlessLine(stopped)}`, columns), "problem")];
  return progressBar(done, of, Math.min(columns, 24));
}
