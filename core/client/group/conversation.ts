import { type Content, encodeContent, parseContent } from "../../e2ee/content.ts";
import type { Identity } from "../../e2ee/identity.ts";
import type { AnySuite, EpochChange, SuiteFault, WrappedKey } from "../../e2ee/suite.ts";
import { messageOf } from "../../platform/failure.ts";
import { accepted, type Parsed, type Result, refused } from "../../platform/result.ts";
import { equalBytes } from "../../wire/bytes.ts";
import type { DeliveredMessage } from "../../wire/deliver-frame.ts";
import type { ClientMessageId, Epoch, GroupId, Seq, UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import type { Membership } from "../../wire/membership.ts";
import { type MembershipAction, type MembershipEntry, parseEntry } from "../../wire/membership-entry.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { failed, failedTo, type GroupRefusal } from "../mail/group-refusal.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import type { SealedFor, SealPlace, SealRefusal } from "../mail/outbox.ts";
import { isPassing } from "../mail/server-link.ts";
import { type Ask, askOnce, askPatiently, type IdentityBook, identityChanged } from "../people/identity-book.ts";
import { type AppliedEntry, GroupLog, type PlacedEntry } from "./group-log.ts";
import { Handshakes } from "./handshakes.ts";
import type { ConversationStep, Keeper } from "./keeper.ts";

/** A message that was delivered, opened and verified. */
export interface OpenedMessage {
  readonly group: GroupId;
  readonly seq: Seq;
  readonly sender: UserId;
  readonly sentAt: number;
  readonly clientMessageId: ClientMessageId;
  readonly content: Content;
}

/** A message that was delivered and could not be opened, and why. */
export interface UnreadableMessage {
  readonly group: GroupId;
  readonly seq: Seq;
  readonly sender: UserId;
  readonly fault: MessageFault;
  readonly detail: string;
}

export type MessageFault =
  | SuiteFault
  /** The sender was no member in the message's epoch. */
  | "not_a_member"
  /** The sender's identity could not be had, or is not the one that was met before. */
  | "unknown_sender"
  | "unknown_content"
  /** Sealed under another epoch than the one in force at its place. */
  | "stale_epoch"
  /** The same message stands at another place. */
  | "replayed"
  /** Its sender was shown another membership log than this client. */
  | "different_log"
  /** A defect of this client. */
  | "internal";

export interface ConversationEvents {
  message?(message: OpenedMessage): void;
  unreadable?(message: UnreadableMessage): void;
  /** The server shows another message at this place than before, or than the user's own that it has acknowledged there. */
  misplaced?(group: GroupId, seq: Seq): void;
  /** The membership log has one more entry. */
  changed?(group: GroupId, entry: MembershipEntry, after: Membership): void;
  /** The server showed a log that cannot be: whatever it says of this group's members is refused. */
  logRefused?(group: GroupId, detail: string): void;
  /** The disk did not take what came: nothing more of this group is taken in by this run, and all of it by the next. */
  notKept?(group: GroupId, detail: string): void;
}

export interface ConversationParts {
  readonly self: Identity;
  readonly user: UserId;
  readonly mailbox: Mailbox;
  readonly people: IdentityBook;
  readonly suites: ReadonlyMap<string, AnySuite>;
  readonly keeper: Keeper | undefined;
}

/** A change of a group, as its verified log tells it: to be shown among the messages. */
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

/** What came of asking for older messages. */
export interface OlderMessages {
  /** So many were kept; others may have been passed over, or are there no more. */
  readonly count: number;
  /** Whether there may be others before them. */
  readonly more: boolean;
}

/** Nobody is told of messages that are older than those that they have seen. */
const quietly: ConversationEvents = {};

interface SealedTitle {
  readonly epoch: Epoch;
  readonly sealed: Uint8Array;
}

/** Each time an entry may come between getting ready and sealing; a group that changes that fast is asked again later. */
const sealTriesMax = 8;

/** Without a keeper, so many messages are remembered to know one again. */
const rememberedMax = 4096;

/**
 * One group as a member sees it: derived from its signed log alone, with the keys to seal and open. What it does runs one
 * after the other, in the order of the group's messages.
 */
export class Conversation {
  readonly group: GroupId;
  readonly #parts: ConversationParts;
  readonly #events: ConversationEvents;
  readonly #log: GroupLog;
  #suiteState: unknown;
  /** Being read. */
  #older: Promise<Result<OlderMessages, GroupRefusal>> | undefined;
  #title: SealedTitle | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  /** Places of messages that were opened, by sender and id, where no keeper knows them. */
  readonly #places = new Map<string, Seq>();
  /** About whom the user has to decide before anything is sent, as of this length of the log and version of the pins. */
  #concerns = { length: -1, version: -1, names: [] as readonly string[] };
  /** Places that the server has given to the user's own messages, and not shown yet. */
  readonly #promised = new Map<Seq, ClientMessageId>();
  readonly #handshakes: Handshakes;
  /** The place of the newest epoch's entry, while that cannot be followed for want of handshake messages before it. */
  #unfollowed: Seq | undefined;
  /** Those who wait until everything up to a place has come. */
  readonly #waiting = new Set<{ readonly place: Seq; readonly come: () => void }>();
  /** Takes nothing in any more: what has come and was not kept comes again, in the next run. */
  #closed = false;
  /** The keeper failed: the state here may be one that was not kept, so that nothing that follows from it may be. */
  #broken = false;

  constructor(group: GroupId, parts: ConversationParts, events: ConversationEvents) {
    this.group = group;
    this.#parts = parts;
    this.#events = events;
    this.#log = new GroupLog(group);
    this.#handshakes = new Handshakes(group, parts.mailbox);
    this.#restore();
  }

  /** Undefined before the first {@link refresh}. */
  get membership(): Membership | undefined {
    return this.#log.membership;
  }

  get suite(): AnySuite | undefined {
    const membership = this.#log.membership;
    return membership && this.#parts.suites.get(membership.settings.suite);
  }

  get suiteState(): unknown {
    return this.#suiteState;
  }

  /** What the members call the group, if it can be opened. */
  get title(): string | undefined {
    return this.#title && this.#openTitle(this.#title);
  }

  /** Who has changed the group and how, as far as its log was read, in order. */
  get changes(): GroupChange[] {
    return this.#log.entries.map(({ entry, seq, at }) => {
      const { actor, action, epoch, subjects, sealedTitle } = entry;
      const names = action === "create" || action === "rename";
      const title = names && sealedTitle ? this.#openTitle({ epoch, sealed: sealedTitle }) : undefined;
      return { seq, at, actor, action, subjects: subjects.map(({ user }) => user), title };
    });
  }

  /** Reads what is new in the log, checks it, and takes the keys that it opens. */
  refresh(): Promise<Result<Membership, GroupRefusal>> {
    return this.#inOrder(() => this.#refresh(askOnce));
  }

  /** Seals a content for the outbox, under the newest key; rekeys first when the epoch has none. */
  async seal(
    place: SealPlace,
    content: Content,
    rekey: () => Promise<Result<unknown, GroupRefusal>>,
  ): Promise<Result<SealedFor, SealRefusal>> {
    for (let attempt = 0; attempt < sealTriesMax; attempt++) {
      const ready = await this.#readyInTime(place);
      if (!ready.ok) return refused(sealRefusal(ready.reason));
      const sealed = await this.#inOrder(() => this.#sealIfReady(place, content));
      if (sealed === "not ready") continue;
      if (sealed !== "no key") return sealed.ok ? sealed : refused(sealRefusal(sealed.reason));
      const rekeyed = await rekey();
      if (!rekeyed.ok) return refused(sealRefusal(rekeyed.reason));
    }
    return refused({ code: "not_now", detail: "the group's key kept changing" });
  }

  /** A message of this group, in its turn. */
  received(seq: Seq, message: DeliveredMessage): void {
    this.#checkPromise(seq, message);
    const take = () => {
      switch (message.type) {
        case messageTypes.membership:
          return this.#receivedEntry(seq, message);
        case messageTypes.handshake:
          return this.#receivedHandshake(seq, message);
        default:
          return this.#open(seq, message);
      }
    };
    const done = this.#inOrder(async () => {
      try {
        if (!this.#closed) await take();
      } catch (cause) {
        // A message that breaks this client must not vanish, nor keep those behind it.
        if (!this.#broken) this.#unreadable(seq, message, "internal", messageOf(cause));
      }
    });
    this.#toldOf(done);
    this.#arrived(seq);
  }

  /** The server says that these places hold nothing. */
  missed(from: Seq, through: Seq): void {
    const done = this.#inOrder(async () => {
      if (!this.#closed) this.#keep({ cursor: through, missing: { from, through } });
    });
    this.#toldOf(done);
    this.#arrived(through);
  }

  /**
   * Reads up to so many messages (500 at most) from before the oldest that is kept, and keeps them like any other. For who
   * keeps any; they are told by what keeps them, not as messages that have just come. Again while it is under way is the
   * same once.
   */
  older(count: number): Promise<Result<OlderMessages, GroupRefusal>> {
    this.#older ??= this.#readOlder(count).finally(() => {
      this.#older = undefined;
    });
    return this.#older;
  }

  /** Resolves when what is under way has ended. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  /** Resolves when what is under way has ended; nothing more is taken in. The mailbox is closed before. */
  async close(): Promise<void> {
    this.#closed = true;
    this.left();
    await this.#tail;
  }

  /** Nothing more comes: nobody waits for it. */
  left(): void {
    this.#handshakes.close();
    this.#arrived(Number.POSITIVE_INFINITY);
  }

  /** The server has given a message of the user's own this place: there it must show it, too. */
  acknowledged(place: Seq, id: ClientMessageId): void {
    const next = this.#parts.mailbox.groups.get(this.group)?.feed.next ?? 0;
    if (place >= next) {
      this.#promised.set(place, id);
      return;
    }
    void this.#inOrder(async () => {
      const shown = this.#placeOf({ sender: this.#parts.user, clientMessageId: id });
      if (!this.#closed && shown !== place) this.#events.misplaced?.(this.group, place);
    });
  }

  /** Deletes what has expired by the group's settings, and the keys that nothing needs any more. */
  expire(now: number): Promise<void> {
    return this.#inOrder(async () => {
      const { keeper, mailbox } = this.#parts;
      const membership = this.#log.membership;
      const seconds = membership?.settings.expireSeconds ?? 0;
      if (this.#closed || !keeper || !membership || !this.suite || seconds === 0) return;
      const needed = new Set(keeper.expire(this.group, now - seconds * 1000));
      // Messages that have not come yet may be of any epoch from the one in force where they begin.
      const next = mailbox.groups.get(this.group)?.feed.next ?? (1 as Seq);
      const oldest = this.#log.epochAt(next) ?? membership.epoch;
      for (let epoch = oldest; epoch <= membership.epoch; epoch++) needed.add(epoch);
      if (this.#suiteState !== undefined) this.#tookState(this.suite.forget(this.#suiteState, needed), {});
    });
  }

  /**
   * An entry of the caller's own that the server has accepted, with the state that it led to from another. The entry may
   * have come back among the group's messages before.
   */
  adopt(entry: MembershipEntry, placed: PlacedEntry, states?: { before: unknown; after: unknown }): Promise<void> {
    return this.#inOrder(async () => {
      const isNew = states !== undefined && states.before === this.#suiteState;
      if (isNew) this.#suiteState = states.after;
      const applied = entry.index === this.#log.length ? this.#log.apply(entry, placed) : undefined;
      // Behind the first entry only the suite is known.
      const state = isNew ? this.#encodedState() : {};
      if (applied?.ok) this.#tookEntry(applied.value, placed, state);
      else this.#keep(state);
    });
  }

  /**
   * Sends what the suite has to say before this epoch can be opened, and resolves once this client has taken that in, in
   * its place: it is the state then that the epoch is to be opened from. A conflict when another epoch came first.
   */
  async prepareEpoch(change: EpochChange): Promise<Result<undefined, GroupRefusal>> {
    const current = await this.#caughtUp();
    if (!current.ok) return current;
    const prepared = await this.#inOrder(async () => {
      const isNext = this.#log.membership?.epoch === change.epoch - 1;
      if (!isNext) return failed("conflict", "another change came first");
      const suite = this.suite as AnySuite;
      const of = await suite.prepareEpoch(this.#parts.self, this.#suiteState, change);
      if (!of.ok) return failed("cannot_seal", `the epoch could not be prepared: ${of.reason}`);
      this.#tookState(of.value.state, {});
      return of;
    });
    if (!prepared.ok) return prepared;
    const epoch = (change.epoch - 1) as Epoch;
    for (const payload of prepared.value.handshakes) {
      const taken = await this.#handshakes.send(epoch, payload);
      if (!taken.ok) return taken;
    }
    return accepted(undefined);
  }

  #checkPromise(seq: Seq, { sender, clientMessageId }: DeliveredMessage): void {
    const promised = this.#promised.get(seq);
    if (promised === undefined) return;
    this.#promised.delete(seq);
    if (sender !== this.#parts.user || clientMessageId !== promised) this.#events.misplaced?.(this.group, seq);
  }

  /** A step of one message's, of whose failure the user is told where it happens. */
  #toldOf(done: Promise<unknown>): void {
    done.catch((cause) => {
      if (!this.#broken) throw cause;
    });
  }

  #arrived(place: number): void {
    for (const waiting of this.#waiting) {
      if (waiting.place > place) continue;
      this.#waiting.delete(waiting);
      waiting.come();
    }
  }

  /** Follows the newest epoch, once that is possible: it may take messages that have not come yet. */
  async #caughtUp(): Promise<Result<undefined, GroupRefusal>> {
    const place = this.#unfollowed;
    if (place === undefined) return accepted(undefined);
    const next = this.#parts.mailbox.groups.get(this.group)?.feed.next ?? 0;
    if (next <= place && !this.#closed) {
      await new Promise<void>((come) => void this.#waiting.add({ place, come }));
    }
    return this.#inOrder(() => this.#takeKeys(askPatiently));
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work);
    // Whoever asked for it is told of its failure; here it only matters that it is over.
    this.#tail = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /** Goes on from what an earlier run has kept: verified then. */
  #restore(): void {
    const kept = this.#parts.keeper?.restore(this.group);
    for (const placed of kept?.entries ?? []) {
      const parsed = parseEntry(placed.bytes);
      const applied = parsed.ok && this.#log.apply(parsed.value.entry, placed);
      if (!applied || !applied.ok) throw new Error(`the log of group ${this.group} that was kept cannot be read`);
      this.#noteTitle(applied.value.entry);
    }
    if (kept?.suiteState && this.suite) this.#suiteState = this.suite.decodeState(kept.suiteState);
  }

  async #refresh(ask: Ask): Promise<Result<Membership, GroupRefusal>> {
    for (;;) {
      const from = this.#log.length;
      const page = await ask(this.#parts.mailbox, { kind: "log", group: this.group, from });
      if (!page.ok) return failedTo("the group's log could not be read", page.reason);
      if (page.value.length < this.#log.length) {
        const detail = `the log has ${page.value.length} entries, and had ${this.#log.length} before`;
        return this.#refuseLog(logRefused(detail));
      }
      for (const { entry: bytes, seq } of page.value.entries) {
        const taken = await this.#take({ seq, bytes }, ask);
        if (!taken.ok) return taken;
      }
      if (page.value.entries.length === 0 || this.#log.length >= page.value.length) break;
      if (this.#log.length === from) {
        const detail = `the log has ${page.value.length} entries, and the server does not go on behind ${from}`;
        return this.#refuseLog(logRefused(detail));
      }
    }
    const membership = this.#log.membership;
    if (!membership) return failed("log_refused", "the group's log is empty");
    const own = membership.members.get(this.#parts.user);
    if (own && !equalBytes(own.fingerprint, this.#parts.self.public.fingerprint)) {
      const detail =
        "the log names another identity for this user than their own: somebody stands between them and who let them in";
      return this.#refuseLog(logRefused(detail));
    }
    if (this.#parts.people.isStrict) {
      const met = await this.#parts.people.prefetch(membership.members.keys(), ask);
      if (!met.ok) return met;
    }
    const keys = await this.#takeKeys(ask);
    return keys.ok ? accepted(membership) : keys;
  }

  async #take(placed: PlacedEntry, ask: Ask, step: ConversationStep = {}): Promise<Result<undefined, GroupRefusal>> {
    const taken = await this.#log.take(placed, this.#parts.people, ask);
    if (!taken.ok) return this.#refuseLog(taken.reason);
    if (taken.value) this.#tookEntry(taken.value, placed, step);
    else this.#keep(placed.at === undefined ? step : { ...step, entryAt: { seq: placed.seq, at: placed.at } });
    return accepted(undefined);
  }

  #tookEntry({ entry, membership }: AppliedEntry, placed: PlacedEntry, step: ConversationStep): void {
    this.#noteTitle(entry);
    const expireSeconds = entry.settings && { expireSeconds: entry.settings.expireSeconds };
    this.#keep({ ...step, entry: placed, ...expireSeconds });
    this.#events.changed?.(this.group, entry, membership);
  }

  #openTitle({ epoch, sealed }: SealedTitle): string | undefined {
    const suite = this.suite;
    if (!suite?.holds(this.#suiteState, epoch)) return undefined;
    const opened = suite.openTitle(this.#suiteState, this.group, epoch, sealed);
    return opened.ok ? opened.value : undefined;
  }

  #noteTitle(entry: MembershipEntry): void {
    if (entry.sealedTitle) this.#title = { epoch: entry.epoch, sealed: entry.sealedTitle };
  }

  /** Follows every epoch that the log opens, this member was given a key for, and the state does not hold yet. */
  async #takeKeys(ask: Ask): Promise<Result<undefined, GroupRefusal>> {
    const suite = this.suite;
    if (!suite) {
      const name = this.#log.membership?.settings.suite;
      return failed("unknown_suite", `this client does not know the suite ${name}`);
    }
    const { history } = this.#log;
    const wanting = [...history.openedEpochs].filter((epoch) => !suite.holds(this.#suiteState, epoch));
    // Epochs before joining have no key for this member, and will not get one by asking again.
    let from = wanting.find((epoch) => history.memberIn(epoch, this.#parts.user));
    this.#unfollowed = undefined;
    while (from !== undefined) {
      const page = await ask(this.#parts.mailbox, { kind: "keys", group: this.group, from });
      if (!page.ok) return failedTo("the group's keys could not be read", page.reason);
      const { state, fault } = await this.#follow(suite, page.value.keys);
      this.#tookState(state, {});
      if (fault) return this.#refuseLog(fault);
      if (!page.value.more) break;
      const last = page.value.keys.at(-1)?.epoch ?? 0;
      if (last < from) {
        return this.#refuseLog(logRefused(`there are more keys, and the server does not go on at epoch ${from}`));
      }
      from = (last + 1) as Epoch;
    }
    return accepted(undefined);
  }

  /** The state once each of these epochs is followed that can be, up to one whose key is wrong. */
  async #follow(suite: AnySuite, keys: readonly Omit<WrappedKey, "user">[]) {
    let state = this.#suiteState;
    for (const { epoch, wrapped } of keys) {
      const entry = this.#log.history.opening(epoch);
      if (!entry || suite.holds(state, epoch)) continue;
      const followed = await suite.followEpoch(this.#parts.self, state, entry, wrapped);
      if (followed.ok) state = followed.value;
      else if (followed.reason === "handshake_missing") this.#unfollowed = this.#log.placeOf(entry.index);
      else return { state, fault: logRefused(`the key of epoch ${epoch}: ${followed.reason}`) };
    }
    return { state, fault: undefined };
  }

  #refuseLog(failure: GroupRefusal): Result<never, GroupRefusal> {
    if (failure.code === "log_refused") this.#events.logRefused?.(this.group, failure.detail);
    return refused(failure);
  }

  async #receivedEntry(seq: Seq, { payload, sentAt }: DeliveredMessage): Promise<void> {
    const parsed = parseEntry(payload);
    const isNext = parsed.ok && parsed.value.entry.index <= this.#log.length;
    // Its key is taken when something is to be sealed or opened under it.
    if (isNext && this.#log.length > 0) {
      await this.#meetSubjects(parsed.value.entry);
      const taken = await this.#take({ seq, at: sentAt, bytes: payload }, askPatiently, { cursor: seq });
      if (!taken.ok) this.#closedMeanwhile(taken.reason);
      return;
    }
    if (this.#log.length > 0 || this.#parts.keeper) {
      const refreshed = await this.#refresh(askPatiently);
      if (!refreshed.ok && this.#closedMeanwhile(refreshed.reason)) return;
    }
    // By now the log has it, unless the server shows another.
    if (parsed.ok && parsed.value.entry.index < this.#log.length) {
      const taken = await this.#take({ seq, at: sentAt, bytes: payload }, askPatiently, { cursor: seq });
      if (taken.ok || this.#closedMeanwhile(taken.reason)) return;
    }
    this.#keep({ cursor: seq });
  }

  /** Who is let in has a name by the time that others are told of it. Whoever cannot be met now is when something is sealed. */
  async #meetSubjects({ action, subjects }: MembershipEntry): Promise<void> {
    if (action !== "admit" || !this.#parts.people.isStrict) return;
    await this.#parts.people.prefetch(
      subjects.map(({ user }) => user),
      askPatiently,
    );
  }

  /** What is needed to seal: the log up to the epoch that the server names, its key, and nobody in doubt. */
  async #readyInTime(place: SealPlace): Promise<Parsed<undefined, GroupRefusal>> {
    const ready = await this.#inOrder(() => this.#ready(place));
    return ready.ok ? this.#caughtUp() : ready;
  }

  async #ready(place: SealPlace): Promise<Parsed<undefined, GroupRefusal>> {
    const known = this.#log.membership;
    if (!known || known.epoch < place.epoch || !this.suite?.holds(this.#suiteState, known.epoch)) {
      const refreshed = await this.#refresh(askPatiently);
      if (!refreshed.ok) return refreshed;
      if (refreshed.value.epoch < place.epoch) {
        const detail = `the server names epoch ${place.epoch}, and its log ends in ${refreshed.value.epoch}`;
        return this.#refuseLog(logRefused(detail));
      }
    }
    const names = this.#concerning();
    return names.length === 0 ? accepted(undefined) : identityChanged(...names);
  }

  #concerning(): readonly string[] {
    const { people } = this.#parts;
    const { length } = this.#log;
    if (this.#concerns.length !== length || this.#concerns.version !== people.version) {
      const names = people.concerns(this.#log.membership?.members ?? []);
      this.#concerns = { length, version: people.version, names };
    }
    return this.#concerns.names;
  }

  /**
   * Seals in one turn with the look at whether that can be done: an entry may have come since the group was made ready.
   * `no key` when somebody has left and nobody has renewed the key.
   */
  async #sealIfReady(
    { clientMessageId, group }: SealPlace,
    content: Content,
  ): Promise<Parsed<SealedFor, GroupRefusal> | "not ready" | "no key"> {
    const membership = this.#log.membership;
    const suite = this.suite;
    if (!membership || !suite) return failed("cannot_seal", "the group's log could not be read");
    if (this.#broken) return failed("offline", "nothing can be kept at present");
    const { epoch, head: logHead } = membership;
    if (!membership.keyed) return "no key";
    if (!suite.holds(this.#suiteState, epoch) || this.#concerning().length > 0) return "not ready";
    const envelope = {
      type: messageTypes.application,
      group,
      epoch,
      sender: this.#parts.user,
      clientMessageId,
      logHead,
    };
    const sealed = await suite.seal(this.#parts.self, this.#suiteState, envelope, encodeContent(content));
    if (!sealed.ok) return failed("cannot_seal", `the message could not be sealed: ${sealed.reason}`);
    this.#tookState(sealed.value.state, {});
    return accepted({ epoch, payload: sealed.value.payload });
  }

  /** Takes in what stands at a place before those that were taken in by now. */
  async #takeOlder(keeper: Keeper, seq: Seq, message: DeliveredMessage): Promise<boolean> {
    const known = keeper.at(this.group, seq);
    if (known && (known.sender !== message.sender || known.clientMessageId !== message.clientMessageId)) {
      this.#events.misplaced?.(this.group, seq);
      return false;
    }
    switch (message.type) {
      case messageTypes.membership:
        await this.#receivedEntry(seq, message);
        return false;
      case messageTypes.handshake:
        // What it led to is in the state.
        return false;
      default:
        await this.#open(seq, message, quietly).catch((cause) => {
          if (this.#broken) throw cause;
          this.#unreadable(seq, message, "internal", messageOf(cause), quietly);
        });
        return !known && keeper.at(this.group, seq) !== undefined;
    }
  }

  async #readOlder(count: number): Promise<Parsed<OlderMessages, GroupRefusal>> {
    const { keeper, mailbox } = this.#parts;
    const oldest = keeper?.oldest(this.group);
    if (!keeper || oldest === undefined) return failed("not_a_member", "nothing of this group is kept");
    const ready = await this.#inOrder(async () => {
      const known = this.#log.membership;
      const isReady = known && (!known.keyed || this.suite?.holds(this.#suiteState, known.epoch));
      return isReady ? accepted(known) : this.#refresh(askOnce);
    });
    if (!ready.ok) return ready;
    const first = this.#firstReadable();
    if (oldest <= first) return accepted({ count: 0, more: false });
    const from = Math.max(first, oldest - Math.min(Math.max(1, count), limits.syncPageMax)) as Seq;
    const range = { after: (from - 1) as Seq, through: (oldest - 1) as Seq };
    const history = await mailbox.history(this.group, range);
    if (!history.ok) return failedTo("older messages could not be read", history.reason);
    const taking = this.#inOrder(async () => {
      let taken = 0;
      let next = from;
      const skipTo = (place: number) => {
        if (place > next) this.#keep({ missing: { from: next, through: (place - 1) as Seq } });
        next = (place + 1) as Seq;
      };
      for (const [seq, message] of history.value) {
        if (this.#closed) break;
        skipTo(seq);
        if (await this.#takeOlder(keeper, seq, message)) taken++;
      }
      if (this.#closed) return failed("offline", "closed meanwhile");
      skipTo(oldest);
      this.#keep({ oldest: from });
      return accepted({ count: taken, more: from > first });
    });
    return taking.catch((cause) => {
      if (!this.#broken) throw cause;
      return failed("offline", "nothing can be kept at present");
    });
  }

  /** Before this place there is nothing that this member was to read. */
  #firstReadable(): Seq {
    return this.#log.entries.find(({ entry }) => this.#isFor(entry.epoch))?.seq ?? (1 as Seq);
  }

  async #open(seq: Seq, message: DeliveredMessage, events = this.#events): Promise<void> {
    const person = await this.#senderOf(seq, message, events);
    if (!person) return;
    const { sender, epoch, sentAt, clientMessageId, type, payload } = message;
    const envelope = { type, group: this.group, epoch, sender, clientMessageId };
    const opened = await (this.suite as AnySuite).open(this.#suiteState, envelope, payload, person);
    if (!opened.ok) return this.#unreadable(seq, message, opened.reason, "", events);
    if (this.#log.epochBehind(opened.value.logHead) === undefined) {
      const refreshed = await this.#refresh(askPatiently);
      if (!refreshed.ok && this.#closedMeanwhile(refreshed.reason)) return;
    }
    if (this.#log.epochBehind(opened.value.logHead) !== epoch) {
      return this.#unreadable(seq, message, "different_log", "its sender was shown another membership log", events);
    }
    const content = parseContent(opened.value.body);
    if (!content.ok) return this.#unreadable(seq, message, "unknown_content", content.reason, events);
    this.#places.set(placeKey(message), seq);
    const kept = { seq, sender, clientMessageId, epoch, sentAt, content: content.value, fault: undefined };
    this.#tookState(opened.value.state, { cursor: seq, message: kept });
    events.message?.({ group: this.group, seq, sender, sentAt, clientMessageId, content: content.value });
  }

  async #receivedHandshake(seq: Seq, message: DeliveredMessage): Promise<void> {
    const person = await this.#senderOf(seq, message);
    if (!person) return this.#handshakeTaken(message, "refused");
    const { sender, epoch, clientMessageId, type, payload } = message;
    const envelope = { type, group: this.group, epoch, sender, clientMessageId };
    const suite = this.suite as AnySuite;
    const followed = await suite.receiveHandshake(this.#parts.self, this.#suiteState, envelope, payload, person);
    if (followed.ok) this.#tookState(followed.value, { cursor: seq });
    else this.#unreadable(seq, message, followed.reason);
    this.#handshakeTaken(message, followed.ok ? undefined : followed.reason);
  }

  #handshakeTaken({ sender, clientMessageId }: DeliveredMessage, fault: string | undefined): void {
    if (sender !== this.#parts.user) return;
    const outcome = fault === undefined ? accepted(undefined) : failed("cannot_seal", `a handshake message: ${fault}`);
    this.#handshakes.taken(clientMessageId, outcome);
  }

  /** The identity under which the sender may have written this, at this place; otherwise the message is told unreadable. */
  async #senderOf(seq: Seq, message: DeliveredMessage, events = this.#events) {
    const { sender, epoch } = message;
    const place = this.#placeOf(message);
    if (place !== undefined && place !== seq) {
      return this.#unreadable(seq, message, "replayed", `the same message stands at ${place}`, events);
    }
    if (!this.suite?.holds(this.#suiteState, epoch)) {
      const refreshed = await this.#refresh(askPatiently);
      if (!refreshed.ok) return this.#failedToRead(seq, message, "unknown_epoch", refreshed.reason, events);
    }
    const inForce = this.#log.epochAt(seq);
    if (inForce === epoch && !this.#isFor(epoch)) return this.#keep({ cursor: seq });
    if (inForce !== epoch)
      return this.#unreadable(seq, message, "stale_epoch", `epoch ${inForce} was in force there`, events);
    if (this.#suiteState === undefined) return this.#unreadable(seq, message, "unknown_epoch", "", events);
    const fingerprint = this.#log.history.memberIn(epoch, sender);
    if (!fingerprint) return this.#unreadable(seq, message, "not_a_member", "", events);
    const person = await this.#parts.people.byFingerprint(sender, fingerprint, askPatiently);
    return person.ok ? person.value : this.#failedToRead(seq, message, "unknown_sender", person.reason, events);
  }

  /** For want of what the server did not give. */
  #failedToRead(
    seq: Seq,
    message: DeliveredMessage,
    fault: MessageFault,
    why: GroupRefusal,
    events: ConversationEvents,
  ): undefined {
    if (!this.#closedMeanwhile(why)) this.#unreadable(seq, message, fault, why.detail, events);
  }

  /** Whether the client was closed before there was an answer: that is no word on what was asked about. */
  #closedMeanwhile({ code }: GroupRefusal): boolean {
    if (isPassing(code)) this.#closed = true;
    return isPassing(code);
  }

  /** Whether this member was to read messages of an epoch; those from before they came are passed over. */
  #isFor(epoch: Epoch): boolean {
    return (
      this.suite?.holds(this.#suiteState, epoch) === true ||
      this.#log.history.memberIn(epoch, this.#parts.user) !== undefined
    );
  }

  #placeOf(message: Pick<DeliveredMessage, "sender" | "clientMessageId">): Seq | undefined {
    const { keeper } = this.#parts;
    if (keeper) return keeper.placeOf(this.group, message.sender, message.clientMessageId);
    if (this.#places.size > rememberedMax) this.#places.delete(this.#places.keys().next().value as string);
    return this.#places.get(placeKey(message));
  }

  #unreadable(seq: Seq, message: DeliveredMessage, fault: MessageFault, detail = "", events = this.#events): undefined {
    const { sender, clientMessageId, epoch, sentAt } = message;
    const kept = { seq, sender, clientMessageId, epoch, sentAt, content: undefined, fault };
    // What stands at another place already is kept there.
    this.#keep(fault === "replayed" ? { cursor: seq } : { cursor: seq, message: kept });
    events.unreadable?.({ group: this.group, seq, sender, fault, detail });
  }

  /** A state that a message has led to is kept with the message. */
  #tookState(state: unknown, step: ConversationStep): void {
    const isNew = state !== this.#suiteState;
    this.#suiteState = state;
    this.#keep(isNew ? { ...step, ...this.#encodedState() } : step);
  }

  #encodedState(): ConversationStep {
    const suite = this.suite;
    return this.#parts.keeper && suite ? { suiteState: suite.encodeState(this.#suiteState) } : {};
  }

  #keep(step: ConversationStep): void {
    if (Object.keys(step).length === 0) return;
    if (this.#broken) throw new Error("nothing can be kept any more in this run");
    // Known with the entry that has it, or with the key that opens it.
    const title = step.entry || step.suiteState ? this.title : undefined;
    try {
      this.#parts.keeper?.keep(this.group, title === undefined ? step : { ...step, title });
    } catch (cause) {
      this.#broken = true;
      this.#closed = true;
      this.left();
      this.#events.notKept?.(this.group, messageOf(cause));
      throw cause;
    }
  }
}

const logRefused = (detail: string): GroupRefusal => ({ code: "log_refused", detail });

const placeKey = ({ sender, clientMessageId }: Pick<DeliveredMessage, "sender" | "clientMessageId">) =>
  `${sender} ${clientMessageId}`;

function sealRefusal({ code, detail }: GroupRefusal): SealRefusal {
  if (code === "identity_changed") return { code, detail };
  return { code: isPassing(code) ? "not_now" : "cannot_seal", detail };
}
