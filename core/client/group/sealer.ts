import { type Content, encodeContent } from "../../e2ee/content.ts";
import type { Identity } from "../../e2ee/identity.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import type { UserId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { type GroupRefusal, refusal } from "../mail/group-refusal.ts";
import type { SealedFor, SealRefusal, SealTarget } from "../mail/outgoing-message.ts";
import { isTemporary } from "../mail/server-link.ts";
import { askPatiently, type IdentityBook, identityChanged } from "../people/identity-book.ts";
import type { ConversationState } from "./conversation-state.ts";
import type { LogFollower } from "./log-follower.ts";
import type { InOrder } from "./turns.ts";

export interface SealerParts {
  readonly state: ConversationState;
  readonly log: LogFollower;
  readonly inOrder: InOrder;
  readonly self: Identity;
  readonly user: UserId;
  readonly people: IdentityBook;
  /** Follows the newest epoch; waits first for handshake messages that have not come yet. */
  caughtUp(): Promise<Result<undefined, GroupRefusal>>;
}

/** Attempts at most: before each an entry may come between getting ready and sealing. The outbox tries again later. */
const sealTriesMax = 8;

interface Concerns {
  readonly length: number;
  readonly version: number;
  readonly names: readonly string[];
}

/** Seals a conversation's messages for the outbox under the newest key, unless a member's identity has changed. */
export class Sealer {
  readonly #parts: SealerParts;
  /** The members whose changed identity the user has to accept first, for this length of the log and version of the pins. */
  #concerns: Concerns = { length: -1, version: -1, names: [] };

  constructor(parts: SealerParts) {
    this.#parts = parts;
  }

  /** Rekeys first when the epoch has no key. */
  async seal(
    target: SealTarget,
    content: Content,
    rekey: () => Promise<Result<unknown, GroupRefusal>>,
  ): Promise<Result<SealedFor, SealRefusal>> {
    for (let attempt = 0; attempt < sealTriesMax; attempt++) {
      const ready = await this.#readyInTime(target);
      if (!ready.ok) return refused(sealRefusal(ready.reason));
      const sealed = await this.#parts.inOrder(() => this.#sealIfReady(target, content));
      if (sealed === "not ready") continue;
      if (sealed !== "no key") return sealed.ok ? sealed : refused(sealRefusal(sealed.reason));
      const rekeyed = await rekey();
      if (!rekeyed.ok) return refused(sealRefusal(rekeyed.reason));
    }
    return refused({ code: "not_now", detail: "the group's key kept changing" });
  }

  /** Gets ready to seal: reads the log up to the epoch that the server names, takes its key, and checks the members' identities. */
  async #readyInTime(target: SealTarget): Promise<Result<undefined, GroupRefusal>> {
    const ready = await this.#parts.inOrder(() => this.#ready(target));
    return ready.ok ? this.#parts.caughtUp() : ready;
  }

  async #ready({ epoch }: SealTarget): Promise<Result<undefined, GroupRefusal>> {
    const { state, log } = this.#parts;
    const known = state.log.membership;
    if (!known || known.epoch < epoch || !state.holds(known.epoch)) {
      const refreshed = await log.refresh(askPatiently);
      if (!refreshed.ok) return refreshed;
      if (refreshed.value.epoch < epoch) {
        return log.refuse(`the server names epoch ${epoch}, and its log ends in ${refreshed.value.epoch}`);
      }
    }
    const names = this.#concerning();
    return names.length === 0 ? accepted(undefined) : identityChanged(...names);
  }

  #concerning(): readonly string[] {
    const { state, people } = this.#parts;
    const { length, membership } = state.log;
    if (this.#concerns.length !== length || this.#concerns.version !== people.version) {
      const names = people.concerns(membership?.members ?? []);
      this.#concerns = { length, version: people.version, names };
    }
    return this.#concerns.names;
  }

  /**
   * Checks in the same turn that the message can be sealed, since an entry may have come after getting ready, and seals it.
   * `no key` when somebody has left and nobody has renewed the key.
   */
  async #sealIfReady(
    { clientMessageId, group }: SealTarget,
    content: Content,
  ): Promise<Result<SealedFor, GroupRefusal> | "not ready" | "no key"> {
    const { state, self, user: sender } = this.#parts;
    const { membership } = state.log;
    const { suite } = state;
    if (!membership || !suite) return refusal("cannot_seal", "the group's log could not be read");
    if (state.isBroken) return refusal("offline", "nothing can be kept at present");
    const { epoch, head: logHead } = membership;
    if (!membership.keyed) return "no key";
    if (!state.holds(epoch) || this.#concerning().length > 0) return "not ready";
    const envelope = { type: messageTypes.application, group, epoch, sender, clientMessageId, logHead };
    const sealed = await suite.seal(self, state.ofSuite, envelope, encodeContent(content));
    if (!sealed.ok) return refusal("cannot_seal", `the message could not be sealed: ${sealed.reason}`);
    state.advance(sealed.value.state, {});
    return accepted({ epoch, payload: sealed.value.payload });
  }
}

function sealRefusal({ code, detail }: GroupRefusal): SealRefusal {
  if (code === "identity_changed") return { code, detail };
  return { code: isTemporary(code) ? "not_now" : "cannot_seal", detail };
}
