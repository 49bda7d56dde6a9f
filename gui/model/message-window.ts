import type { RowKey } from "../../core/client/index.ts";
import type { Seq } from "../../core/wire/ids.ts";
import type { MessageRow } from "./shown.ts";
import type { Conversation } from "./state.ts";

/** So many messages a window holds before it lets go of those at the other end. */
export const windowMax = 1000;

/** Puts a page at the window's beginning or end, or in its place. */
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
      return { ...conversation, messages: page.messages, older, newest: true };
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

/** A message that has come, or has changed; one behind a window that does not reach so far comes with its page. */
export function withMessage(conversation: Conversation, message: MessageRow): Conversation {
  const { messages, newest, anchor } = conversation;
  const known = messages.findIndex(({ key }) => key === message.key);
  if (known < 0 && !newest) return conversation;
  const rest = known < 0 ? messages : messages.toSpliced(known, 1);
  const placed = rest.toSpliced(placeIn(rest, message), 0, message);
  // Who reads further up keeps what they read.
  const kept = anchor === undefined ? placed.slice(-windowMax) : placed;
  return { ...conversation, messages: kept, older: kept.length === placed.length ? conversation.older : "vault" };
}

export function withoutMessage(conversation: Conversation, key: RowKey): Conversation {
  return { ...conversation, messages: conversation.messages.filter((message) => message.key !== key) };
}

/** The place of the last message that has one. */
export const lastSeqOf = ({ messages }: Conversation): Seq | undefined =>
  messages.findLast(({ seq }) => seq !== undefined)?.seq;

/** Those with a place come by it; behind them stands what waits, in the order in which it was written. */
function placeIn(messages: readonly MessageRow[], { seq, key }: MessageRow): number {
  const isBefore = (other: MessageRow) =>
    seq === undefined ? other.seq !== undefined || other.key < key : other.seq !== undefined && other.seq < seq;
  return messages.findLastIndex(isBefore) + 1;
}

function joined(first: readonly MessageRow[], second: readonly MessageRow[]): MessageRow[] {
  const known = new Set(second.map(({ key }) => key));
  return [...first.filter(({ key }) => !known.has(key)), ...second];
}
