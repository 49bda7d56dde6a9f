import type { Content } from "../../e2ee/content.ts";
import { type Result, refused } from "../../platform/result.ts";
import type { ClientMessageId, GroupId } from "../../wire/ids.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { tooMany } from "../mail/outbox.ts";
import type { SendOutcome, SendRefusal } from "../mail/outgoing-message.ts";
import { contentRefusal } from "../text/text-limits.ts";
import type { Conversations } from "./conversations.ts";
import type { Keeper, WrittenMessage } from "./keeper.ts";

export interface OwnMessagesParts {
  readonly mailbox: Mailbox;
  readonly conversations: Conversations;
  readonly keeper: Keeper | undefined;
  /** Whether every message is opened, so that the seqs of own messages can be compared with their acknowledgements. */
  readonly opensAll: boolean;
}

/** The messages that the user writes, from when they are kept until their outcome is known. */
export class OwnMessages {
  readonly #parts: OwnMessagesParts;

  constructor(parts: OwnMessagesParts) {
    this.#parts = parts;
  }

  /** Sends a content, and calls `settled` with its outcome. Refused when too many wait. */
  send(
    group: GroupId,
    content: Content,
    settled: (outcome: SendOutcome) => void,
    id: ClientMessageId = this.#parts.mailbox.nextId(),
  ): Result<ClientMessageId, SendRefusal> {
    const { mailbox, keeper } = this.#parts;
    const tooLarge = contentRefusal(content);
    if (tooLarge) return refused(tooLarge);
    if (!mailbox.hasRoom) return refused(tooMany(mailbox.unsettled));
    const message = { id, group, content, writtenAt: mailbox.now() };
    keeper?.written(message);
    this.#transmit(message, false, settled);
    return { ok: true, value: id };
  }

  /**
   * Sends a failed message again under its own id, so that the group gets it once even if the server has taken it in before.
   * Refused when there is no such message, or too many wait.
   */
  retry(
    id: ClientMessageId,
    settled: (outcome: SendOutcome) => void,
  ): Result<ClientMessageId, SendRefusal | { readonly code: "not_failed"; readonly detail: string }> {
    const { mailbox, keeper } = this.#parts;
    if (!mailbox.hasRoom) return refused(tooMany(mailbox.unsettled));
    const message = keeper?.retried(id);
    if (!message) return refused({ code: "not_failed", detail: "no such message has failed" });
    this.#transmit(message, true, settled);
    return { ok: true, value: id };
  }

  /**
   * Deletes a message that has failed or waits, and sends it no more; one that is under way may be stored all the same, and is delivered
   * then. False when there is no such message.
   */
  discard(id: ClientMessageId): boolean {
    const { mailbox, keeper } = this.#parts;
    const waited = mailbox.discard(id);
    return (keeper?.discarded(id) ?? false) || waited;
  }

  /** Sends the messages that an earlier run has left without an outcome. */
  resume(settled: (message: WrittenMessage, outcome: SendOutcome) => void): void {
    for (const message of this.#parts.keeper?.unsent() ?? []) {
      this.#transmit(message, true, (outcome) => settled(message, outcome));
    }
  }

  #transmit(message: WrittenMessage, sentBefore: boolean, settled: (outcome: SendOutcome) => void): void {
    const { mailbox, conversations, keeper, opensAll } = this.#parts;
    const { id, group, content } = message;
    const conversation = conversations.of(group);
    const rekey = () => conversations.changes.change(conversation, { action: "rekey" });
    const taken = mailbox.send(
      { id, group, sentBefore, seal: (target) => conversation.seal(target, content, rekey) },
      (outcome) => {
        // Load-generator clients skip decryption, so `acknowledged()` would report false misplacements.
        if (outcome.ok && opensAll) conversation.acknowledged(outcome.seq, id);
        keeper?.settled(id, outcome.ok ? outcome : { ok: false, why: outcome.code });
        settled(outcome);
      },
    );
    if (!taken.ok) settled({ ok: false, ...taken.reason });
  }
}
