import type { ShownMessage } from "../../core/client/index.ts";
import { type GroupId, seqBeforeFirst } from "../../core/wire/ids.ts";
import type { EffectOf } from "../model/effect.ts";
import type { Event } from "../model/event.ts";
import type { OpenAccount } from "./open-account.ts";
import { refusalSentence } from "./refusal-sentence.ts";
import { groupFacts, messageRow } from "./rows.ts";

const pageCount = 100;
const hitsMax = 100;

/** The user goes to a group, from another one or none: watches its presence, and emits its facts. */
export async function show(
  { account, emit, feed }: OpenAccount,
  group: GroupId,
  before: GroupId | undefined,
): Promise<void> {
  const { client } = account;
  if (before !== undefined && before !== group) client.unwatchGroup(before);
  feed.show(group);
  client.watchGroup(group);
  emit({ kind: "presence", group, online: new Set(client.onlineIn(group)) });
  emit({ kind: "readUpTo", group, readUpTo: new Map(client.cursorsIn(group)) });
  const known = groupFacts(account, group);
  if (known) return emit({ kind: "facts", group, facts: known });
  // The log of the group has not been read yet. It is read when something comes, and now if there is a server.
  const read = await client.conversation(group).refresh();
  const facts = read.ok ? groupFacts(account, group) : undefined;
  if (facts) emit({ kind: "facts", group, facts });
}

/** Emits a page of messages from the vault. */
export function load({ account, emit, feed }: OpenAccount, { group, where, from }: EffectOf<"load">): void {
  const { view } = account.vault;
  const page = (messages: readonly ShownMessage[], more: { moreOlder: boolean; moreNewer: boolean }) => {
    const rows = messages.map(messageRow);
    feed.remember(group, rows);
    const event: Event = { kind: "page", group, where, messages: rows, ...more };
    emit(where === "around" ? { ...event, around: from } : event);
  };
  if (from === undefined || where === "newest") {
    const messages = view.last(group, pageCount + 1);
    return page(messages.slice(-pageCount), { moreOlder: messages.length > pageCount, moreNewer: false });
  }
  switch (where) {
    case "older": {
      const messages = view.before(from, pageCount + 1);
      return page(messages.slice(-pageCount), { moreOlder: messages.length > pageCount, moreNewer: false });
    }
    case "newer": {
      const messages = view.after(from, pageCount + 1);
      return page(messages.slice(0, pageCount), { moreOlder: false, moreNewer: messages.length > pageCount });
    }
    case "around": {
      const messages = view.around(from, pageCount);
      const [first, last] = [messages[0], messages.at(-1)];
      if (!first || !last) return emit({ kind: "failed", of: "other", text: "This message is not there any more." });
      return page(messages, {
        moreOlder: view.before(first.row, 1).length > 0,
        moreNewer: view.after(last.row, 1).length > 0,
      });
    }
    default:
      where satisfies never;
  }
}

export async function fetchOlder({ account, emit, feed }: OpenAccount, group: GroupId): Promise<void> {
  const before = account.vault.oldest(group) ?? seqBeforeFirst;
  const fetched = await feed.quietly(group, before, () => account.client.conversation(group).older(pageCount));
  if (fetched.ok) return emit({ kind: "fetched", group, ...fetched.value });
  emit({ kind: "fetched", group, count: 0, more: true, problem: refusalSentence(fetched.reason) });
}

export function search({ account, emit }: OpenAccount, group: GroupId | undefined, words: string): void {
  const found = account.vault.view.search(words, { count: hitsMax, ...(group === undefined ? {} : { group }) });
  const hits = found.map((message) => ({ group: message.group, message: messageRow(message) }));
  emit({ kind: "hits", group, words, hits });
}
