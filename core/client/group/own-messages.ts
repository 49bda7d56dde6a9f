import type { Content } from "../../e2ee/content.ts";
import { type Result, refused } from "../../platform/result.ts";
import type { ClientMessageId, GroupId } from "../../wire/ids.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import type { SendOutcome } from "../mail/outgoing-message.ts";
import type { Conversations } from "./conversations.ts";
import type { Keeper, WrittenMessage } from "./keeper.ts";

export interface OwnMessagesParts {
  readonly mailbox: Mailbox;
  readonly conversations: Conversations;
  readonly keeper: Keeper | undefined;
  /** Whether every message is opened, so that the server can be held to where it has acknowledged one. */
  readonly opensAll: boolean;
}

const tooMany = refused("too many messages wait already for their acknowledgement");

/** What the user writes, from when it is kept until its outcome is known. */
export class OwnMessages {
  readonly #parts: OwnMessagesParts;

  constructor(parts: OwnMessagesParts) {
    this.#parts = parts;
  }

  /** Sends a content; `settled` gets its outcome. Refused when too many wait. */
  send(
    group: GroupId,
    content: Content,
    settled: (outcome: SendOutcome) => void,
    id: ClientMessageId = this.#parts.mailbox.nextId(),
  ): Result<ClientMessageId> {
    const { mailbox, keeper } = this.#parts;
    if (!mailbox.hasRoom) return tooMany;
    const message = { id, group, content, writtenAt: mailbox.now() };
    keeper?.written(message);
    this.#transmit(message, false, settled);
    return { ok: true, value: id };
  }

  /**
   * Sends a message that failed once more, as it was: under its own id, so that it is there once, even if the server has
   * taken it in without being able to say so. Refused when there is no such message, or too many wait.
   */
  retry(id: ClientMessageId, settled: (outcome: SendOutcome) => void): Result<ClientMessageId> {
    if (!this.#parts.mailbox.hasRoom) return tooMany;
    const message = this.#parts.keeper?.retried(id);
    if (!message) return refused("no such message has failed");
    this.#transmit(message, true, settled);
    return { ok: true, value: id };
  }

  /** Sends what an earlier run has left without an outcome. */
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
    if (!taken.ok) settled({ ok: false, code: "busy", detail: taken.reason });
  }
}
