import type { Content } from "../../e2ee/content.ts";
import type { Identity } from "../../e2ee/identity.ts";
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
import type { Mailbox } from "../mail/mailbox.ts";
import type { SealedFor, SealRefusal, SealTarget } from "../mail/outgoing-message.ts";
import { askOnce, type IdentityBook } from "../people/identity-book.ts";
import { Arrivals } from "./arrivals.ts";
import type { ConversationEvents } from "./conversation-events.ts";
import { ConversationState } from "./conversation-state.ts";
import { EpochKeys } from "./epoch-keys.ts";
import type { SequencedEntry } from "./group-log.ts";
import { Handshakes } from "./handshakes.ts";
import type { Keeper } from "./keeper.ts";
import { LogFollower } from "./log-follower.ts";
import { MessageOpener } from "./message-opener.ts";
import { OlderHistory, type OlderMessages } from "./older-messages.ts";
import { ProposedEpoch } from "./proposed-epoch.ts";
import { Sealer } from "./sealer.ts";
import { Turns } from "./turns.ts";

export interface ConversationParts {
  readonly self: Identity;
  readonly user: UserId;
  readonly mailbox: Mailbox;
  readonly people: IdentityBook;
  readonly suites: ReadonlyMap<string, AnySuite>;
  readonly keeper: Keeper | undefined;
}

/** A change of a group from its verified log, to be shown among the messages. */
export interface GroupChange {
  readonly seq: Seq;
  /** When the server took it in, in milliseconds since the Unix epoch; undefined where the server has not said. */
  readonly at: number | undefined;
  readonly actor: UserId;
  readonly action: MembershipAction;
  readonly subjects: readonly UserId[];
  /** The title that the change gave the group, if it gave one that can be opened. */
  readonly title: string | undefined;
}

/**
 * One group as a member sees it: members and keys follow from the signed log alone. Its work runs in turns, one after the
 * other, in the order of the group's messages.
 *
 * The path between the mailbox, a conversation and {@link GroupChanges}:
 *
 * 1. A delivered message goes from the group's feed through {@link received} into the queue of turns; the mailbox does not wait.
 * 2. In its turn a membership entry is verified and applied (`LogFollower`), a message opened (`MessageOpener`), a handshake
 *    message given to the suite; each is kept together with the suite's state that it led to (`ConversationState`).
 * 3. A message that the user writes waits in the outbox, which calls {@link seal} shortly before it sends it. `Sealer` seals
 *    in a turn, under the newest epoch; if the server has named a newer one than is known, log and keys are read first.
 * 4. When the server refuses the message as `stale_epoch`, the outbox calls `seal` again; an epoch without a key is rekeyed first.
 * 5. A change of the group begins with {@link refresh}. If it brings a new key, {@link proposeEpoch} sends the suite's handshake
 *    messages through the outbox, waits until they have come back as messages, and makes the next epoch. GroupChanges signs the
 *    entry and sends it.
 * 6. Once the server has accepted it, {@link recordOwn} applies the entry in a turn, unless it came back as a message before.
 */
export class Conversation {
  readonly group: GroupId;
  readonly #parts: ConversationParts;
  readonly #events: ConversationEvents;
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
    const { self, user, mailbox, people, suites, keeper } = parts;
    const { inOrder } = this.#turns;
    this.group = group;
    this.#parts = parts;
    this.#events = events;
    this.#handshakes = new Handshakes(group, mailbox);
    const broke = () => this.left();
    const state = new ConversationState(group, { user, mailbox, suites, keeper, events, broke });
    const keys = new EpochKeys({ state, self, user, mailbox });
    const isKept = keeper !== undefined;
    const log = new LogFollower({ state, keys, self, user, mailbox, people, isKept, events });
    const opener = new MessageOpener({ state, log, self, people, keeper, events });
    this.#sealer = new Sealer({ state, log, inOrder, self, user, people, caughtUp: () => this.#caughtUp() });
    this.#older = new OlderHistory({ state, log, opener, inOrder, mailbox, keeper, events });
    this.#state = state;
    this.#keys = keys;
    this.#log = log;
    this.#opener = opener;
  }

  /** Undefined before the first {@link refresh}. */
  get membership(): Membership | undefined {
    return this.#state.log.membership;
  }

  get suite(): AnySuite | undefined {
    return this.#state.suite;
  }

  /** The group's title, if it can be opened. */
  get title(): string | undefined {
    return this.#state.title;
  }

  /** The changes of the group in order, as far as its log was read. */
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

  /** The feed has delivered a message of this group; it is taken in when its turn comes. */
  received(seq: Seq, message: DeliveredMessage): void {
    const isMisplaced = this.#arrivals.breaksPromise(seq, message, this.#parts.user);
    if (isMisplaced) this.#events.misplaced?.(this.group, seq);
    const done = this.#turns.inOrder(async () => {
      try {
        if (!this.#state.isClosed) await this.#take(seq, message);
      } catch (cause) {
        if (!this.#state.isBroken) this.#opener.broke(seq, message, cause);
      }
    });
    this.#rethrow(done);
    this.#arrivals.arrived(seq);
  }

  /** The server says that these seqs have no message. */
  missed(from: Seq, through: Seq): void {
    const done = this.#turns.inOrder(async () => {
      if (!this.#state.isClosed) this.#state.keep({ cursor: through, missing: { from, through } });
    });
    this.#rethrow(done);
    this.#arrivals.arrived(through);
  }

  /**
   * Reads up to so many messages (500 at most) from before the oldest that is kept, and keeps them like any other; refused
   * without a keeper. The keeper notifies its listeners of them, and no `message` event comes. A call while another is under
   * way gets the same outcome.
   */
  older(count: number): Promise<Result<OlderMessages, GroupRefusal>> {
    return this.#older.read(count);
  }

  /** Resolves when all turns that are queued now have ended. */
  idle(): Promise<void> {
    return this.#turns.ended();
  }

  /** Takes in nothing more; resolves when the turn that is under way has ended. The mailbox has been closed before. */
  async close(): Promise<void> {
    this.#state.close();
    this.left();
    await this.#turns.ended();
  }

  /** No more messages come: whatever waits for one goes on. */
  left(): void {
    this.#handshakes.close();
    this.#arrivals.arrived(Number.POSITIVE_INFINITY);
  }

  /** The server has acknowledged an own message with this seq, and must deliver it with the same. */
  acknowledged(seq: Seq, id: ClientMessageId): void {
    if (seq >= (this.#state.nextSeq ?? 0)) return this.#arrivals.promise(seq, id);
    void this.#turns.inOrder(async () => {
      const shown = this.#opener.openedSeq({ sender: this.#parts.user, clientMessageId: id });
      if (!this.#state.isClosed && shown !== seq) this.#events.misplaced?.(this.group, seq);
    });
  }

  /** Deletes what has expired by the group's settings, and the keys that no remaining message needs. */
  expire(now: number): Promise<void> {
    return this.#turns.inOrder(async () => {
      const { keeper } = this.#parts;
      const { log, suite, ofSuite } = this.#state;
      const { membership } = log;
      const seconds = membership?.settings.expireSeconds ?? 0;
      if (this.#state.isClosed || !keeper || !membership || !suite || seconds === 0) return;
      const needed = new Set(keeper.expire(this.group, now - seconds * 1000));
      // Messages that have not come yet may be of any epoch from the one in force where they begin.
      const oldest = log.epochAt(this.#state.nextSeq ?? nextSeq(seqBeforeFirst)) ?? membership.epoch;
      for (let epoch = oldest; epoch <= membership.epoch; epoch++) needed.add(epoch);
      if (ofSuite !== undefined) this.#state.advance(suite.forget(ofSuite, needed), {});
    });
  }

  /**
   * Makes the epoch that follows a membership. Sends the suite's handshake messages for it first, and goes on from the state
   * after this client has taken them in. A conflict when another change came first.
   */
  async proposeEpoch(from: Membership, change: EpochChange): Promise<Result<ProposedEpoch, GroupRefusal>> {
    const ready = await this.#prepareEpoch(from, change);
    if (!ready.ok) return ready;
    const { suite, ofSuite } = this.#state;
    if (this.membership !== from || !suite) return anotherCameFirst;
    return accepted(await ProposedEpoch.from(ofSuite, suite, this.#parts.self, change));
  }

  /** A title under the key of an epoch that the user holds. */
  sealTitle(epoch: Epoch, title: string): Uint8Array {
    const { suite, ofSuite, group } = this.#state;
    if (!suite) throw new Error(`the suite of group ${group} is not known`);
    return suite.sealTitle(ofSuite, group, epoch, title);
  }

  /** The server has accepted an entry of the user's own, with the epoch that was made for it, if any. */
  recordOwn(entry: MembershipEntry, sequenced: SequencedEntry, next: ProposedEpoch | undefined): Promise<void> {
    return this.#turns.inOrder(async () => this.#state.recordOwn(entry, sequenced, next));
  }

  async #take(seq: Seq, message: DeliveredMessage): Promise<void> {
    switch (message.type) {
      case messageTypes.membership:
        return this.#log.received(seq, message);
      case messageTypes.handshake: {
        const fault = await this.#opener.receiveHandshake(seq, message);
        if (message.sender !== this.#parts.user) return;
        const outcome =
          fault === undefined ? accepted(undefined) : refusal("cannot_seal", `a handshake message: ${fault}`);
        return this.#handshakes.taken(message.clientMessageId, outcome);
      }
      case messageTypes.application:
        return this.#opener.open(seq, message);
      default:
        message.type satisfies never;
    }
  }

  /** Sends the suite's handshake messages for an epoch, and resolves once this client has taken them in. */
  async #prepareEpoch(before: Membership, change: EpochChange): Promise<Result<undefined, GroupRefusal>> {
    const current = await this.#caughtUp();
    if (!current.ok) return current;
    const prepared = await this.#turns.inOrder(async () => {
      const { suite, ofSuite } = this.#state;
      if (!suite || this.membership?.epoch !== before.epoch) return anotherCameFirst;
      const of = await suite.prepareEpoch(this.#parts.self, ofSuite, change);
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

  /** Follows the newest epoch; waits first for handshake messages before its entry that have not come yet. */
  async #caughtUp(): Promise<Result<undefined, GroupRefusal>> {
    const seq = this.#keys.missingBefore;
    if (seq === undefined) return accepted(undefined);
    if ((this.#state.nextSeq ?? 0) <= seq && !this.#state.isClosed) await this.#arrivals.until(seq);
    return this.#turns.inOrder(() => this.#log.takeKeys());
  }

  /** Rethrows what a turn throws, which is a defect, but for the keeper's failure: `notKept` has reported that. */
  #rethrow(done: Promise<unknown>): void {
    done.catch((cause) => {
      if (!this.#state.isBroken) throw cause;
    });
  }
}

const anotherCameFirst = refusal("conflict", "another change came first");
