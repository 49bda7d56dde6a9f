import type { RowKey, ShownMessage } from "../../core/client/index.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { sentence } from "../text/sentence.ts";
import type { OpenAccount } from "./open-account.ts";

/** The vault keeps the outcome of a message, and the account feed emits it from there. */
const outcomeKept = () => {};

export function send({ account, emit }: OpenAccount, group: GroupId, text: string): void {
  const taken = account.client.send(group, { kind: "text", text }, outcomeKept);
  if (!taken.ok) emit({ kind: "failed", of: "other", text: sentence(taken.reason.detail) });
}

export function retry(opened: OpenAccount, key: RowKey): void {
  const message = ownMessage(opened, key);
  if (!message) return;
  const taken = opened.account.client.retry(message.clientMessageId, outcomeKept);
  if (!taken.ok) opened.emit({ kind: "failed", of: "other", text: sentence(taken.reason.detail) });
}

export function discard(opened: OpenAccount, key: RowKey): void {
  const message = ownMessage(opened, key);
  if (message && !opened.account.client.discard(message.clientMessageId)) {
    opened.emit({ kind: "failed", of: "other", text: "Only what was not sent can be discarded." });
  }
}

function ownMessage({ account, emit }: OpenAccount, key: RowKey): ShownMessage | undefined {
  const message = account.vault.view.message(key);
  if (message && message.sender === account.client.user) return message;
  emit({ kind: "failed", of: "other", text: "There is no such message of yours any more." });
  return undefined;
}
