import type { Identity } from "../../e2ee/identity.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { equalBytes } from "../../wire/bytes.ts";
import type { DeliveredMessage } from "../../wire/deliver-frame.ts";
import type { Seq, UserId } from "../../wire/ids.ts";
import type { Membership } from "../../wire/membership.ts";
import { type MembershipEntry, parseEntry } from "../../wire/membership-entry.ts";
import { type GroupRefusal, refusal, refusalFor } from "../mail/group-refusal.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { type Ask, askPatiently, type IdentityBook } from "../people/identity-book.ts";
import type { ConversationEvents } from "./conversation-events.ts";
import type { ConversationState } from "./conversation-state.ts";
import type { EpochKeys } from "./epoch-keys.ts";
import type { SequencedEntry } from "./group-log.ts";
import type { ConversationStep } from "./keeper.ts";

export interface LogFollowerParts {
  readonly state: ConversationState;
  readonly keys: EpochKeys;
  readonly self: Identity;
  readonly user: UserId;
  readonly mailbox: Mailbox;
  readonly people: IdentityBook;
  /** Whether a keeper keeps the log, so that it is read in any case. */
  readonly isKept: boolean;
  readonly events: Pick<ConversationEvents, "logRefused">;
}

/** Brings a conversation's log up to the server's, checking each entry, and fetches the keys of its epochs. */
export class LogFollower {
  readonly #parts: LogFollowerParts;

  constructor(parts: LogFollowerParts) {
    this.#parts = parts;
  }

  /** Reads the log's new entries, checks them, and takes the keys of their epochs. */
  async refresh(ask: Ask): Promise<Result<Membership, GroupRefusal>> {
    const read = await this.#readLog(ask);
    if (!read.ok) return read;
    const { state, keys, self, user, people } = this.#parts;
    const { membership } = state.log;
    if (!membership) return refusal("log_refused", "the group's log is empty");
    const own = membership.members.get(user);
    if (own && !equalBytes(own.fingerprint, self.public.fingerprint)) {
      return this.refuse(
        "the log names another identity for this user than their own: somebody stands between them and who let them in",
      );
    }
    if (people.isStrict) {
      const met = await people.prefetch(membership.members.keys(), ask);
      if (!met.ok) return met;
    }
    const taken = await keys.take(ask);
    if (!taken.ok) return this.#reported(taken.reason);
    return accepted(membership);
  }

  /** Follows the epochs of the log as far as the messages that have come allow. */
  async takeKeys(): Promise<Result<undefined, GroupRefusal>> {
    const taken = await this.#parts.keys.take(askPatiently);
    return taken.ok ? taken : this.#reported(taken.reason);
  }

  /** An entry that was delivered among the group's messages. */
  async received(seq: Seq, { payload, sentAt }: DeliveredMessage): Promise<void> {
    const { state, isKept } = this.#parts;
    const { log } = state;
    const sequenced = { seq, at: sentAt, bytes: payload };
    const parsed = parseEntry(payload);
    const isNext = parsed.ok && parsed.value.entry.index <= log.length;
    // The entry's key is fetched when a message is to be sealed or opened under it.
    if (isNext && log.length > 0) {
      await this.#meetSubjects(parsed.value.entry);
      const taken = await this.#take(sequenced, askPatiently, { cursor: seq });
      if (!taken.ok) state.wasClosed(taken.reason);
      return;
    }
    if (log.length > 0 || isKept) {
      const refreshed = await this.refresh(askPatiently);
      if (!refreshed.ok && state.wasClosed(refreshed.reason)) return;
    }
    // By now the log has this entry, unless the server shows another log.
    if (parsed.ok && parsed.value.entry.index < log.length) {
      const taken = await this.#take(sequenced, askPatiently, { cursor: seq });
      if (taken.ok || state.wasClosed(taken.reason)) return;
    }
    state.keep({ cursor: seq });
  }

  /** The server shows a log that contradicts itself or the client: reports it as `logRefused`. */
  refuse(detail: string): Result<never, GroupRefusal> {
    return this.#reported({ code: "log_refused", detail });
  }

  async #readLog(ask: Ask): Promise<Result<undefined, GroupRefusal>> {
    const { state, mailbox } = this.#parts;
    const { log, group } = state;
    for (;;) {
      const from = log.length;
      const page = await ask(mailbox, { kind: "log", group, from });
      if (!page.ok) return refusalFor("the group's log could not be read", page.reason);
      if (page.value.length < log.length) {
        return this.refuse(`the log has ${page.value.length} entries, and had ${log.length} before`);
      }
      for (const { entry: bytes, seq } of page.value.entries) {
        const taken = await this.#take({ seq, bytes }, ask);
        if (!taken.ok) return taken;
      }
      if (page.value.entries.length === 0 || log.length >= page.value.length) return accepted(undefined);
      if (log.length === from) {
        return this.refuse(`the log has ${page.value.length} entries, and the server does not go on behind ${from}`);
      }
    }
  }

  async #take(
    sequenced: SequencedEntry,
    ask: Ask,
    step: ConversationStep = {},
  ): Promise<Result<undefined, GroupRefusal>> {
    const { state, people } = this.#parts;
    const taken = await state.log.take(sequenced, people, ask);
    if (!taken.ok) return this.#reported(taken.reason);
    const { seq, at } = sequenced;
    if (taken.value) state.record(taken.value, sequenced, step);
    else state.keep(at === undefined ? step : { ...step, entryAt: { seq, at } });
    return accepted(undefined);
  }

  #reported(reason: GroupRefusal): Result<never, GroupRefusal> {
    const { state, events } = this.#parts;
    if (reason.code === "log_refused") events.logRefused?.(state.group, reason.detail);
    return refused(reason);
  }

  /** Looks up newcomers, so that their names are known when their entry is reported. If that fails, sealing looks them up. */
  async #meetSubjects({ action, subjects }: MembershipEntry): Promise<void> {
    const { people } = this.#parts;
    if (action !== "admit" || !people.isStrict) return;
    await people.prefetch(
      subjects.map(({ user }) => user),
      askPatiently,
    );
  }
}
