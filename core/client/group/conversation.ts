import type { Content } from "../../e2ee/content.ts";
import type { AnySuite, EpochChange } from "../../e2ee/suite.ts";
import { accepted, type Result } from "../../platform/result.ts";
import type { DeliveredMessage } from "../../wire/deliver-frame.ts";
import {
  type ClientMessageId,
  type Epoch,
  type GroupId,
  nextSeq,
  type Seq,
  seqBeforeFirst,
  type UserId,
} from "../../wire/ids.ts";
import type { Membership } from "../../wire/membership.ts";
import type { MembershipAction, MembershipEntry } from "../../wire/membership-entry.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { type GroupRefusal, refusal } from "../mail/group-refusal.ts";
import type { SealedFor, SealRefusal, SealTarget } from "../mail/outgoing-message.ts";
import { askOnce } from "../people/identity-book.ts";
import { Arrivals } from "./arrivals.ts";
import type { ConversationEvents } from "./conversation-events.ts";
import { type ConversationParts, ConversationState } from "./conversation-state.ts";
import { EpochKeys } from "./epoch-keys.ts";
import type { SequencedEntry } from "./group-log.ts";
import { Handshakes } from "./handshakes.ts";
import { LogFollower } from "./log-follower.ts";
import { MessageOpener } from "./message-opener.ts";
import { OlderHistory, type OlderMessages } from "./older-messages.ts";
import { ProposedEpoch } from "./proposed-epoch.ts";
import { Sealer } from "./sealer.ts";
import { Turns } from "./turns.ts";

/** A change of a group, as its verified log has it: to be shown among the messages. */
export interface GroupChange {
  readonly seq: Seq;
  /** Milliseconds since the Unix epoch; undefined where the server has not said. */
  readonly at: number | undefined;
  readonly actor: UserId;
  readonly action: MembershipAction;
  readonly subjects: readonly UserId[];
  /** What the group was called by it, if it was, and that can be opened. */
  readonly title: string | undefined;
}

/**
 * One group as a member sees it: derived from its signed log alone, with the keys to seal and open. What it does runs one
 * after the other, in the order of the group's messages.
 *
 * What goes between the mailbox, a conversation and {@link GroupChanges}:
 *
 * 1. A delivered message goes from the group's feed through {@link received} into the queue of turns; the mailbox does not wait.
 * 2. In its turn a membership entry is verified and applied (`LogFollower`), a message opened (`MessageOpener`), a handshake
 *    message handed to the suite; each is kept together with the suite's state that it led to (`ConversationState`).
 * 3. What the user writes waits in the outbox, which calls {@link seal} when it may go out: in a turn of its own, under the
 *    newest epoch, for which the log and the keys are read if the server names a newer one than is known (`Sealer`).
 * 4. A refusal as `stale_epoch` makes the outbox ask for the seal once more; an epoch without a key is rekeyed first.
 * 5. A change of the group begins with {@link refresh}; {@link proposeEpoch} sends the suite's handshake messages through the
 *    outbox, waits until they have come back as messages, and makes the next epoch; GroupChanges signs the entry.
 * 6. The server's acceptance goes to {@link recordOwn}: in its turn the entry is applied, unless it came back before.
 */
export class Conversation {
  readonly group: GroupId;
  readonly #state: ConversationState;
  readonly #turns = new Turns();
  readonly #arrivals = new Arrivals();
  readonly #handshakes: Handshakes;
  readonly #keys: EpochKeys;
  readonly #log: LogFollower;
  readonly #opener: MessageOpener;
  readonly #sealer: Sealer;
  readonly #older: OlderHistory;

  constructor(group: GroupId, parts: ConversationParts, events: ConversationEvents) {
    this.group = group;
    this.#handshakes = new Handshakes(group, parts.mailbox);
    this.#state = new ConversationState(group, parts, events, () => this.left());
    const state = this.#state;
    const { inOrder } = this.#turns;
    this.#keys = new EpochKeys(state);
    this.#log = new LogFollower(state, this.#keys);
    const log = this.#log;
    this.#opener = new MessageOpener(state, log);
    this.#sealer = new Sealer({ state, log, inOrder, caughtUp: () => this.#caughtUp() });
    this.#older = new OlderHistory({ state, log, opener: this.#opener, inOrder });
  }

  /** Undefined before the first {@link refresh}. */
  get membership(): Membership | undefined {
    return this.#state.log.membership;
  }

  get suite(): AnySuite | undefined {
    return this.#state.suite;
  }

  /** What the members call the group, if it can be opened. */
  get title(): string | undefined {
    return this.#state.title;
  }

  /** Who has changed the group and how, as far as its log was read, in order. */
  get changes(): GroupChange[] {
    return this.#state.log.entries.map(({ entry, seq, at }) => {
      const { actor, action, epoch, subjects, sealedTitle } = entry;
      const names = action === "create" || action === "rename";
      const title = names && sealedTitle ? this.#state.openTitle({ epoch, sealed: sealedTitle }) : undefined;
      return { seq, at, actor, action, subjects: subjects.map(({ user }) => user), title };
    });
  }

  /** Reads what is new in the log, checks it, and takes the keys of its epochs. */
  refresh(): Promise<Result<Membership, GroupRefusal>> {
    return this.#turns.inOrder(() => this.#log.refresh(askOnce));
  }

  /** Seals a content for the outbox, under the newest key; rekeys first when the epoch has none. */
  seal(
    target: SealTarget,
    content: Content,
    rekey: () => Promise<Result<unknown, GroupRefusal>>,
  ): Promise<Result<SealedFor, SealRefusal>> {
    return this.#sealer.seal(target, content, rekey);
  }

  /** A message of this group, in its turn. */
  received(seq: Seq, message: DeliveredMessage): void {
    const isOther = this.#arrivals.breaksPromise(seq, message, this.#state.parts.user);
    if (isOther) this.#state.events.misplaced?.(this.group, seq);
    const done = this.#turns.inOrder(async () => {
      try {
        if (!this.#state.isClosed) await this.#take(seq, message);
      } catch (cause) {
        if (!this.#state.isBroken) this.#opener.broke(seq, message, cause);
      }
    });
    this.#reported(done);
    this.#arrivals.arrived(seq);
  }

  /** The server says that these seqs have no message. */
  missed(from: Seq, through: Seq): void {
    const done = this.#turns.inOrder(async () => {
      if (!this.#state.isClosed) this.#state.keep({ cursor: through, missing: { from, through } });
    });
    this.#reported(done);
    this.#arrivals.arrived(through);
  }

  /**
   * Reads up to so many messages (500 at most) from before the oldest that is kept, and keeps them like any other. For who
   * keeps any; what keeps them notifies of them, and no `message` event does. Asked again while it is under way,
   * it answers the same.
   */
  older(count: number): Promise<Result<OlderMessages, GroupRefusal>> {
    return this.#older.read(count);
  }

  /** Resolves when what is under way has ended. */
  idle(): Promise<void> {
    return this.#turns.ended();
  }

  /** Resolves when what is under way has ended; nothing more is taken in. The mailbox is closed before. */
  async close(): Promise<void> {
    this.#state.close();
    this.left();
    await this.#turns.ended();
  }

  /** No more messages come: nobody waits for any. */
  left(): void {
    this.#handshakes.close();
    this.#arrivals.arrived(Number.POSITIVE_INFINITY);
  }

  /** The server has given a message of the user's own this seq, and must show it with that one, too. */
  acknowledged(seq: Seq, id: ClientMessageId): void {
    if (seq >= (this.#state.nextSeq ?? 0)) return this.#arrivals.promise(seq, id);
    void this.#turns.inOrder(async () => {
      const shown = this.#opener.seqOf({ sender: this.#state.parts.user, clientMessageId: id });
      if (!this.#state.isClosed && shown !== seq) this.#state.events.misplaced?.(this.group, seq);
    });
  }

  /** Deletes what has expired by the group's settings, and the keys that no remaining message needs. */
  expire(now: number): Promise<void> {
    return this.#turns.inOrder(async () => {
      const { parts, log, suite, ofSuite } = this.#state;
      const { membership } = log;
      const seconds = membership?.settings.expireSeconds ?? 0;
      if (this.#state.isClosed || !parts.keeper || !membership || !suite || seconds === 0) return;
      const needed = new Set(parts.keeper.expire(this.group, now - seconds * 1000));
      // Messages that have not come yet may be of any epoch from the one in force where they begin.
      const oldest = log.epochAt(this.#state.nextSeq ?? nextSeq(seqBeforeFirst)) ?? membership.epoch;
      for (let epoch = oldest; epoch <= membership.epoch; epoch++) needed.add(epoch);
      if (ofSuite !== undefined) this.#state.advance(suite.forget(ofSuite, needed), {});
    });
  }

  /**
   * Makes the epoch that follows a membership: sends what the suite has to say before, and goes on from the state as of when
   * this client has taken that in. A conflict when another change came first.
   */
  async proposeEpoch(from: Membership, change: EpochChange): Promise<Result<ProposedEpoch, GroupRefusal>> {
    const ready = await this.#prepareEpoch(from, change);
    if (!ready.ok) return ready;
    const { suite, ofSuite, parts } = this.#state;
    if (this.membership !== from || !suite) return anotherCameFirst;
    return accepted(await ProposedEpoch.from(ofSuite, suite, parts.self, change));
  }

  /** A title under the key of an epoch that the user holds. */
  sealTitle(epoch: Epoch, title: string): Uint8Array {
    const { suite, ofSuite, group } = this.#state;
    if (!suite) throw new Error(`the suite of group ${group} is not known`);
    return suite.sealTitle(ofSuite, group, epoch, title);
  }

  /** An entry of the user's own that the server has accepted, with the epoch that was made for it, if any. */
  recordOwn(entry: MembershipEntry, sequenced: SequencedEntry, next: ProposedEpoch | undefined): Promise<void> {
    return this.#turns.inOrder(async () => this.#state.recordOwn(entry, sequenced, next));
  }

  async #take(seq: Seq, message: DeliveredMessage): Promise<void> {
    switch (message.type) {
      case messageTypes.membership:
        return this.#log.received(seq, message);
      case messageTypes.handshake: {
        const fault = await this.#opener.receiveHandshake(seq, message);
        if (message.sender !== this.#state.parts.user) return;
        const outcome =
          fault === undefined ? accepted(undefined) : refusal("cannot_seal", `a handshake message: ${fault}`);
        return this.#handshakes.taken(message.clientMessageId, outcome);
      }
      default:
        return this.#opener.open(seq, message);
    }
  }

  /** Sends the suite's handshake messages for an epoch, and resolves once this client has taken them in. */
  async #prepareEpoch(before: Membership, change: EpochChange): Promise<Result<undefined, GroupRefusal>> {
    const current = await this.#caughtUp();
    if (!current.ok) return current;
    const prepared = await this.#turns.inOrder(async () => {
      const { suite, ofSuite, parts } = this.#state;
      if (!suite || this.membership?.epoch !== before.epoch) return anotherCameFirst;
      const of = await suite.prepareEpoch(parts.self, ofSuite, change);
      if (!of.ok) return refusal("cannot_seal", `the epoch could not be prepared: ${of.reason}`);
      this.#state.advance(of.value.state, {});
      return of;
    });
    if (!prepared.ok) return prepared;
    const epoch = before.epoch;
    for (const payload of prepared.value.handshakes) {
      const taken = await this.#handshakes.send(epoch, payload);
      if (!taken.ok) return taken;
    }
    return accepted(undefined);
  }

  /** Follows the newest epoch, once that is possible: it may take messages that have not come yet. */
  async #caughtUp(): Promise<Result<undefined, GroupRefusal>> {
    const seq = this.#keys.missingBefore;
    if (seq === undefined) return accepted(undefined);
    if ((this.#state.nextSeq ?? 0) <= seq && !this.#state.isClosed) await this.#arrivals.until(seq);
    return this.#turns.inOrder(() => this.#log.takeKeys());
  }

  /** `notKept` reports the keeper's failure where it happens; whatever else a message's turn throws is a defect. */
  #reported(done: Promise<unknown>): void {
    done.catch((cause) => {
      if (!this.#state.isBroken) throw cause;
    });
  }
}

const anotherCameFirst = refusal("conflict", "another change came first");
