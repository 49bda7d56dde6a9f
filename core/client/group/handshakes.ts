import { accepted, type Result, refused } from "../../platform/result.ts";
import type { ClientMessageId, Epoch, GroupId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { type GroupRefusal, refusal } from "../mail/group-refusal.ts";
import type { Mailbox } from "../mail/mailbox.ts";

type Outcome = Result<undefined, GroupRefusal>;

/** A client's own handshake messages in one group, until they have come back as messages. */
export class Handshakes {
  readonly #group: GroupId;
  readonly #mailbox: Mailbox;
  readonly #underWay = new Map<ClientMessageId, (outcome: Outcome) => void>();

  constructor(group: GroupId, mailbox: Mailbox) {
    this.#group = group;
    this.#mailbox = mailbox;
  }

  /** Sends one; resolves once this client has taken it in, in its turn. A conflict when the epoch is over. */
  send(epoch: Epoch, payload: Uint8Array): Promise<Outcome> {
    return new Promise((resolve) => {
      const id = this.#mailbox.nextId();
      this.#underWay.set(id, resolve);
      const sent = this.#mailbox.send(
        {
          id,
          group: this.#group,
          type: messageTypes.handshake,
          seal: (target) =>
            target.epoch > epoch
              ? refused({ code: "cannot_seal", detail: "the epoch has changed meanwhile" })
              : accepted({ epoch, payload }),
        },
        (outcome) => {
          if (outcome.ok) return;
          this.taken(id, refusal(outcome.code === "cannot_seal" ? "conflict" : outcome.code, outcome.detail));
        },
      );
      if (!sent.ok) this.taken(id, refusal(sent.reason.code, sent.reason.detail));
    });
  }

  /** Ends the wait for one; ids of other messages are ignored. */
  taken(id: ClientMessageId, outcome: Outcome): void {
    this.#underWay.get(id)?.(outcome);
    this.#underWay.delete(id);
  }

  /** Ends the wait for all: none comes back any more. */
  close(): void {
    for (const id of [...this.#underWay.keys()]) this.taken(id, refusal("offline", "no answer can come any more"));
  }
}
