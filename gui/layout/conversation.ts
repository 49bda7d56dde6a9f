import type { RowKey } from "../../core/client/index.ts";
import type { ChangeRow, MessageRow } from "../model/shown.ts";
import type { Anchor, ChatState, Conversation, Size } from "../model/state.ts";
import { changeText } from "./change-text.ts";
import { type Line, rule, span } from "./line.ts";
import { wrapSpans } from "./marked-text.ts";
import { type MessageView, messageLines } from "./message-lines.ts";
import { messageShape } from "./message-shape.ts";
import { clockTime, dayOf, dayText } from "./moment.ts";

/** A line of a conversation, with the key of its message; lines between messages have none. */
export interface ConversationLine {
  readonly line: Line;
  readonly key: RowKey | undefined;
}

/** Of messages of one sender within this time, only the first shows the name. */
const continuedWithinMs = 300_000;

/**
 * The lines of a conversation that fit into rows and columns. Lines are made from the bottom of the view upwards, only
 * as many as it needs, so that the window's length costs nothing.
 */
export function conversationLines(
  conversation: Conversation,
  state: ChatState,
  size: Size,
): readonly ConversationLine[] {
  return viewOf(blocksOf(conversation, state, size.columns), size.rows).lines;
}

/**
 * The line at the bottom of the view after scrolling up by `lines`, or down if negative; undefined at the window's end. A view
 * does not go beyond the window's first message.
 */
export function scrolled(conversation: Conversation, state: ChatState, size: Size, lines: number): Anchor | undefined {
  const blocks = blocksOf(conversation, state, size.columns);
  const { bottom } = viewOf(blocks, size.rows);
  const above = Math.max(0, countUp(blocks, bottom, size.rows + lines) - size.rows);
  return anchorOf(blocks, moved(blocks, bottom, Math.min(lines, above)));
}

/** The messages at the top and at the bottom of the view. Where they are the window's first or last, more have to be loaded. */
export function shownKeys(
  conversation: Conversation,
  state: ChatState,
  size: Size,
): { readonly topKey: RowKey | undefined; readonly bottomKey: RowKey | undefined } {
  const lines = conversationLines(conversation, state, size);
  return {
    topKey: lines.find(({ key }) => key !== undefined)?.key,
    bottomKey: lines.findLast(({ key }) => key !== undefined)?.key,
  };
}

interface Blocks {
  readonly conversation: Conversation;
  /** One block for each message, and one at the end for the changes after the last message. */
  readonly count: number;
  linesOf(index: number): readonly ConversationLine[];
}

/** A line: its block, and how many lines of the block are below it. */
interface Position {
  readonly index: number;
  readonly below: number;
}

function blocksOf(conversation: Conversation, state: ChatState, columns: number): Blocks {
  const shape = messageShape(columns, conversation.facts);
  const view: MessageView = { state, chat: state.scene, conversation, shape };
  const made = new Map<number, readonly ConversationLine[]>();
  const count = conversation.messages.length + 1;
  return {
    conversation,
    count,
    linesOf(index) {
      const known = made.get(index);
      if (known) return known;
      const lines = blockLines(view, index);
      made.set(index, lines);
      return lines;
    },
  };
}

/**
 * A message with the lines above it: the conversation's beginning, the day, changes to the group, the rule above unread
 * messages.
 */
function blockLines(view: MessageView, index: number): readonly ConversationLine[] {
  const { conversation, state, shape } = view;
  const { messages, newFrom, older } = conversation;
  const message = messages[index];
  const previous = messages[index - 1];
  const lines: ConversationLine[] = [];
  const add = (line: Line, key?: RowKey) => lines.push({ line, key });
  if (index === 0) add(beginning(older, shape.columns));
  let day = previous ? dayOf(previous.at) : undefined;
  const begin = (at: number) => {
    if (day !== dayOf(at)) add(rule(dayText(at, state.nowMs), shape.columns, "heading"));
    day = dayOf(at);
  };
  for (const change of changesBetween(conversation, previous, message)) {
    begin(change.at);
    for (const line of changeLines(view, change)) add(line);
  }
  if (!message) return lines;
  begin(message.at);
  if (isFirstNew(message, previous, newFrom, older)) add(rule("new since you left", shape.columns, "unread"));
  const isContinued =
    previous &&
    lines.length === 0 &&
    previous.sender === message.sender &&
    message.at - previous.at < continuedWithinMs;
  for (const line of messageLines(view, message, isContinued ? previous : undefined)) add(line, message.key);
  return lines;
}

function beginning(older: Conversation["older"], columns: number): Line {
  const texts = {
    loading: "older messages come…",
    vault: "older messages above",
    server: "older messages may be at the server",
    none: "the conversation begins here",
  };
  const text = texts[older];
  return [span(" ".repeat(Math.max(0, (columns - text.length) >> 1))), span(text, "dim")];
}

function isFirstNew(
  { seq }: MessageRow,
  previous: MessageRow | undefined,
  newFrom: Conversation["newFrom"],
  older: Conversation["older"],
): boolean {
  if (newFrom === undefined || seq === undefined || seq < newFrom) return false;
  if (previous) return (previous.seq ?? newFrom) < newFrom;
  return seq === newFrom || older === "none";
}

/** The changes between two neighbouring messages; messages without a seq are behind all changes. */
function changesBetween(
  { facts, older, newest }: Conversation,
  previous: MessageRow | undefined,
  message: MessageRow | undefined,
): readonly ChangeRow[] {
  const changes = facts?.changes ?? [];
  if ((previous && previous.seq === undefined) || (!message && !newest)) return [];
  const to = message?.seq === undefined ? changes.length : firstFrom(changes, message.seq);
  if (previous?.seq !== undefined) return changes.slice(firstFrom(changes, previous.seq), to);
  if (older === "none") return changes.slice(0, to);
  // The window begins in the middle of the conversation: only the changes right before its first message belong to it.
  let from = to;
  for (let seq = message?.seq ?? 0; changes[from - 1]?.seq === seq - 1; seq--) from--;
  return changes.slice(from, to);
}

/** The index of the first change at or behind a seq; changes are in order. */
function firstFrom(changes: readonly ChangeRow[], seq: number): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const change = changes[middle];
    if (change && change.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function changeLines({ chat, conversation, shape }: MessageView, change: ChangeRow): Line[] {
  const text = changeText(chat, conversation.facts, change);
  const lines = wrapSpans([span(text, "system")], Math.max(4, shape.columns - shape.indent));
  const first = shape.isNarrow
    ? [span("· ", "system")]
    : [span(` ${clockTime(change.at)}`, "dim"), gap(shape.indent - 8), span("· ", "system")];
  return lines.map((line, at) => [...(at === 0 ? first : [gap(shape.indent)]), ...line]);
}

const gap = (columns: number) => span(" ".repeat(columns));

/** The lines of a view, top to bottom, and where its bottom is. */
function viewOf(blocks: Blocks, rows: number): { lines: readonly ConversationLine[]; bottom: Position } {
  const { anchor } = blocks.conversation;
  const end = positionOf(blocks, anchor);
  const missing = rows - countUp(blocks, end, rows);
  // Where the first messages do not fill the view above this line, the view begins with them, and goes on below the line.
  const bottom = moved(blocks, end, -missing);
  return { lines: linesUpFrom(blocks, bottom, rows), bottom };
}

function linesUpFrom(blocks: Blocks, bottom: Position, rows: number): readonly ConversationLine[] {
  const parts: (readonly ConversationLine[])[] = [];
  let missing = rows;
  for (let { index, below } = bottom; index >= 0 && missing > 0; index--, below = 0) {
    const block = blocks.linesOf(index);
    const part = block.slice(Math.max(0, block.length - below - missing), block.length - below);
    parts.push(part);
    missing -= part.length;
  }
  return parts.reverse().flat();
}

/** How many lines there are from a position upwards, counted up to `most`. */
const countUp = (blocks: Blocks, bottom: Position, most: number) => linesUpFrom(blocks, bottom, most).length;

function positionOf(blocks: Blocks, anchor: Anchor | undefined): Position {
  const last = { index: blocks.count - 1, below: 0 };
  if (!anchor) return last;
  const index = blocks.conversation.messages.findLastIndex(({ key }) => key === anchor.key);
  if (index < 0) return last;
  // In a wider view, a message has fewer lines than when the anchor was set.
  const below = Math.min(anchor.linesBelow, blocks.linesOf(index).length - 1);
  return moved(blocks, { index, below: 0 }, below);
}

/** The position `lines` further up, or down if negative, as far as there are lines. */
function moved(blocks: Blocks, from: Position, lines: number): Position {
  let { index, below } = from;
  below += lines;
  while (below < 0 && index < blocks.count - 1) {
    index++;
    below += blocks.linesOf(index).length;
  }
  while (index > 0 && below >= blocks.linesOf(index).length) {
    below -= blocks.linesOf(index).length;
    index--;
  }
  return { index, below: Math.max(0, Math.min(below, blocks.linesOf(index).length - 1)) };
}

/** A position as an anchor; lines behind the last message count as negative lines below it. */
function anchorOf(blocks: Blocks, { index, below }: Position): Anchor | undefined {
  const { messages } = blocks.conversation;
  const last = messages.length - 1;
  const tail = blocks.linesOf(messages.length).length;
  const isEnd = below === 0 && (index === messages.length || (index === last && tail === 0));
  const message = messages[Math.min(index, last)];
  if (!message || isEnd) return undefined;
  return { key: message.key, linesBelow: index > last ? below - tail : below };
}
