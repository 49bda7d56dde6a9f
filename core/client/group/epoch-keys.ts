import type { Identity } from "../../e2ee/identity.ts";
import type { AnySuite, WrappedKey } from "../../e2ee/suite.ts";
import { accepted, type Result } from "../../platform/result.ts";
import { nextEpoch, type Seq, type UserId } from "../../wire/ids.ts";
import { type GroupRefusal, refusal, refusalFor } from "../mail/group-refusal.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import type { Ask } from "../people/identity-book.ts";
import type { ConversationState } from "./conversation-state.ts";

export interface EpochKeysParts {
  readonly state: ConversationState;
  readonly self: Identity;
  readonly user: UserId;
  readonly mailbox: Mailbox;
}

/** Fetches the user's wrapped keys of a conversation's epochs, and has the suite follow the epochs by them. */
export class EpochKeys {
  readonly #parts: EpochKeysParts;
  #missing: Seq | undefined;

  constructor(parts: EpochKeysParts) {
    this.#parts = parts;
  }

  /** The seq of the newest epoch's entry, while handshake messages before it are missing to follow the epoch. */
  get missingBefore(): Seq | undefined {
    return this.#missing;
  }

  /** Follows every epoch of the log for which this member was given a key, and which the suite's state does not hold yet. */
  async take(ask: Ask): Promise<Result<undefined, GroupRefusal>> {
    const { state, user, mailbox } = this.#parts;
    const { suite, log, group } = state;
    if (!suite) {
      return refusal("unknown_suite", `this client does not know the suite ${log.membership?.settings.suite}`);
    }
    const { history } = log;
    // Epochs from before this member came have no key for them, and asking again would not bring one.
    let from = history.epochs.find((epoch) => !state.holds(epoch) && history.memberIn(epoch, user));
    this.#missing = undefined;
    while (from !== undefined) {
      const page = await ask(mailbox, { kind: "keys", group, from });
      if (!page.ok) return refusalFor("the group's keys could not be read", page.reason);
      const fault = await this.#follow(suite, page.value.keys);
      if (fault) return refusal("log_refused", fault);
      if (!page.value.more) break;
      const last = page.value.keys.at(-1)?.epoch;
      if (last === undefined || last < from) {
        return refusal("log_refused", `there are more keys, and the server does not go on at epoch ${from}`);
      }
      from = nextEpoch(last);
    }
    return accepted(undefined);
  }

  /** Follows each of these epochs that can be followed; stops at a wrong key, and returns what is wrong. */
  async #follow(suite: AnySuite, keys: readonly Omit<WrappedKey, "user">[]): Promise<string | undefined> {
    const { state, self } = this.#parts;
    const { log } = state;
    let { ofSuite } = state;
    let fault: string | undefined;
    for (const { epoch, wrapped } of keys) {
      const entry = log.history.beginning(epoch);
      if (!entry || suite.holds(ofSuite, epoch)) continue;
      const followed = await suite.followEpoch(self, ofSuite, entry, wrapped);
      if (followed.ok) ofSuite = followed.value;
      else if (followed.reason === "handshake_missing") this.#missing = log.seqOf(entry.index);
      else {
        fault = `the key of epoch ${epoch}: ${followed.reason}`;
        break;
      }
    }
    state.advance(ofSuite, {});
    return fault;
  }
}
