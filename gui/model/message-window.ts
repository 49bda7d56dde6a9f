import type { RowKey } from "../../core/client/index.ts";
import type { Seq } from "../../core/wire/ids.ts";
import type { MessageRow } from "./shown.ts";
import type { Conversation } from "./state.ts";

/** A window that grows beyond this loses messages at its other end. */
export const windowMax = 1000;

/** Adds a page before or behind the window, or replaces the window by it. */
export function withPage(
  conversation: Conversation,
  page: {
    readonly where: "newest" | "older" | "newer" | "around";
    readonly messages: readonly MessageRow[];
    readonly moreOlder: boolean;
    readonly moreNewer: boolean;
  },
): Conversation {
  const older = page.moreOlder ? "vault" : "server";
  switch (page.where) {
    case "newest":
    case "around":
      return { ...conversation, messages: page.messages, older, newest: !page.moreNewer };
    case "older": {
      const messages = joined(page.messages, conversation.messages);
      const kept = messages.slice(0, windowMax);
      return { ...conversation, messages: kept, older, newest: conversation.newest && kept.length === messages.length };
    }
    case "newer": {
      const messages = joined(conversation.messages, page.messages);
      const kept = messages.slice(-windowMax);
      return {
        ...conversation,
        messages: kept,
        older: kept.length === messages.length ? conversation.older : "vault",
        newest: !page.moreNewer,
      };
    }
    default:
      return page.where satisfies never;
  }
}

/**
 * Adds or replaces a message. A new one is not added while the window ends before the newest message: it comes with its
 * page.
 */
export function withMessage(conversation: Conversation, message: MessageRow): Conversation {
  const { messages, newest, anchor } = conversation;
  const known = messages.findIndex(({ key }) => key === message.key);
  if (known < 0 && !newest) return conversation;
  const rest = known < 0 ? messages : messages.toSpliced(known, 1);
  const all = rest.toSpliced(indexIn(rest, message), 0, message);
  // While the user has scrolled up, the messages that they read stay in the window.
  const kept = anchor === undefined ? all.slice(-windowMax) : all;
  return { ...conversation, messages: kept, older: kept.length === all.length ? conversation.older : "vault" };
}

/** Takes a message out. Where it was at the bottom of the view, the next one is, or the end if there is none. */
export function withoutMessage(conversation: Conversation, key: RowKey): Conversation {
  const { messages, anchor } = conversation;
  const at = messages.findIndex((message) => message.key === key);
  if (at < 0) return conversation;
  const rest = messages.toSpliced(at, 1);
  if (anchor?.key !== key) return { ...conversation, messages: rest };
  const next = rest[at];
  return { ...conversation, messages: rest, anchor: next && { key: next.key, linesBelow: 0 } };
}

/** The seq of the last message that has one. */
export const lastSeqOf = ({ messages }: Conversation): Seq | undefined =>
  messages.findLast(({ seq }) => seq !== undefined)?.seq;

/** Messages with a seq are in its order; behind them are those without, in the order in which they were written. */
function indexIn(messages: readonly MessageRow[], { seq, key }: MessageRow): number {
  const isBefore = (other: MessageRow) =>
    seq === undefined ? other.seq !== undefined || other.key < key : (other.seq ?? Number.POSITIVE_INFINITY) < seq;
  return messages.findLastIndex(isBefore) + 1;
}

function joined(first: readonly MessageRow[], second: readonly MessageRow[]): MessageRow[] {
  const known = new Set(second.map(({ key }) => key));
  return [...first.filter(({ key }) => !known.has(key)), ...second];
}
