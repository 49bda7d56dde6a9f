import type { AnySuite } from "../../e2ee/suite.ts";
import { messageOf } from "../../platform/failure.ts";
import type { Epoch, GroupId, Seq, UserId } from "../../wire/ids.ts";
import { type MembershipEntry, parseEntry } from "../../wire/membership-entry.ts";
import type { GroupRefusal } from "../mail/group-refusal.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { isTemporary } from "../mail/server-link.ts";
import type { ConversationEvents } from "./conversation-events.ts";
import { type AppliedEntry, GroupLog, type SequencedEntry } from "./group-log.ts";
import type { ConversationStep, Keeper } from "./keeper.ts";
import type { ProposedEpoch } from "./proposed-epoch.ts";

export interface ConversationStateParts {
  readonly user: UserId;
  readonly mailbox: Pick<Mailbox, "groups">;
  readonly suites: ReadonlyMap<string, AnySuite>;
  readonly keeper: Pick<Keeper, "restore" | "keep"> | undefined;
  readonly events: Pick<ConversationEvents, "changed" | "notKept">;
  /** Called when the keeper fails. */
  broke(): void;
}

interface SealedTitle {
  readonly epoch: Epoch;
  readonly sealed: Uint8Array;
}

/**
 * What one conversation knows: the verified log, the suite's state and the group's title, each kept with the message that
 * changed it. The {@link Conversation} owns it; its parts change the state in the conversation's turns only.
 */
export class ConversationState {
  readonly group: GroupId;
  readonly log: GroupLog;
  readonly #parts: ConversationStateParts;
  #ofSuite: unknown;
  #title: SealedTitle | undefined;
  #isClosed = false;
  #isBroken = false;

  /** Goes on from what an earlier run has verified and kept. */
  constructor(group: GroupId, parts: ConversationStateParts) {
    this.group = group;
    this.log = new GroupLog(group);
    this.#parts = parts;
    const kept = parts.keeper?.restore(group);
    for (const sequenced of kept?.entries ?? []) {
      const parsed = parseEntry(sequenced.bytes);
      const applied = parsed.ok && this.log.apply(parsed.value.entry, sequenced);
      if (!applied || !applied.ok) throw new Error(`the log of group ${group} that was kept cannot be read`);
      this.#noteTitle(applied.value.entry);
    }
    if (kept?.suiteState && this.suite) this.#ofSuite = this.suite.decodeState(kept.suiteState);
  }

  /** Undefined before the log has begun, and when this client does not know the group's suite. */
  get suite(): AnySuite | undefined {
    const { membership } = this.log;
    return membership && this.#parts.suites.get(membership.settings.suite);
  }

  /** The suite's state as of the last message that was taken in; only the suite knows what is in it. */
  get ofSuite(): unknown {
    return this.#ofSuite;
  }

  get title(): string | undefined {
    return this.#title && this.openTitle(this.#title);
  }

  /** Nothing is taken in any more: what was not kept comes again in the next run. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The keeper failed: the state in memory may be ahead of the kept one, so nothing that follows from it may be kept. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Whether messages of this epoch can be sealed and opened. */
  holds(epoch: Epoch): boolean {
    return this.suite?.holds(this.#ofSuite, epoch) === true;
  }

  /** Whether messages of an epoch were written for this member; others are passed over. */
  isFor(epoch: Epoch): boolean {
    return this.holds(epoch) || this.log.history.memberIn(epoch, this.#parts.user) !== undefined;
  }

  openTitle({ epoch, sealed }: SealedTitle): string | undefined {
    if (!this.suite || !this.holds(epoch)) return undefined;
    const opened = this.suite.openTitle(this.#ofSuite, this.group, epoch, sealed);
    return opened.ok ? opened.value : undefined;
  }

  /** The next message of the group's feed has this seq or a higher one. Undefined when the user is not in the group. */
  get nextSeq(): Seq | undefined {
    return this.#parts.mailbox.groups.get(this.group)?.feed.next;
  }

  /** Takes over the state of the suite that a message led to, and keeps it with the message. */
  advance(ofSuite: unknown, step: ConversationStep): void {
    const isNew = ofSuite !== this.#ofSuite;
    this.#ofSuite = ofSuite;
    this.keep(isNew ? { ...step, ...this.#encoded() } : step);
  }

  /** The log has one more entry: keeps it with the rest of the step, and reports it as `changed`. */
  record({ entry, membership }: AppliedEntry, sequenced: SequencedEntry, step: ConversationStep): void {
    this.#noteTitle(entry);
    const expireSeconds = entry.settings && { expireSeconds: entry.settings.expireSeconds };
    this.keep({ ...step, entry: sequenced, ...expireSeconds });
    this.#parts.events.changed?.(this.group, entry, membership);
  }

  /** The server has accepted an entry of the user's own, which may have come back among the group's messages before. */
  recordOwn(entry: MembershipEntry, sequenced: SequencedEntry, next: ProposedEpoch | undefined): void {
    const following = next?.stateFrom(this.#ofSuite);
    if (following) this.#ofSuite = following.state;
    const applied = entry.index === this.log.length ? this.log.apply(entry, sequenced) : undefined;
    // The suite is known only once the first entry has been applied.
    const step = following ? this.#encoded() : {};
    if (applied?.ok) this.record(applied.value, sequenced, step);
    else this.keep(step);
  }

  keep(step: ConversationStep): void {
    if (Object.keys(step).length === 0) return;
    if (this.#isBroken) throw new Error("nothing can be kept any more in this run");
    // The title becomes known with the entry that has it, or with the key that opens it.
    const title = step.entry || step.suiteState ? this.title : undefined;
    try {
      this.#parts.keeper?.keep(this.group, title === undefined ? step : { ...step, title });
    } catch (cause) {
      this.#isBroken = true;
      this.#isClosed = true;
      this.#parts.broke();
      this.#parts.events.notKept?.(this.group, messageOf(cause));
      throw cause;
    }
  }

  close(): void {
    this.#isClosed = true;
  }

  /**
   * Whether a patient request was refused because the client was closed meanwhile: the refusal says nothing about the group
   * then, and nothing more is taken in.
   */
  wasClosed({ code }: GroupRefusal): boolean {
    if (isTemporary(code)) this.#isClosed = true;
    return isTemporary(code);
  }

  #encoded(): ConversationStep {
    const { suite } = this;
    return this.#parts.keeper && suite ? { suiteState: suite.encodeState(this.#ofSuite) } : {};
  }

  #noteTitle(entry: MembershipEntry): void {
    if (entry.sealedTitle) this.#title = { epoch: entry.epoch, sealed: entry.sealedTitle };
  }
}
