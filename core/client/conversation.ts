import { type Content, encodeContent, parseContent } from "../e2ee/content.ts";
import { entryHash, isSignedBy } from "../e2ee/entry-check.ts";
import type { Identity } from "../e2ee/identity.ts";
import type { AnySuite, SuiteFault } from "../e2ee/suite.ts";
import { accepted, type Parsed, refused } from "../platform/parsed.ts";
import type { DeliveredMessage } from "../wire/deliver-frame.ts";
import type { Epoch, GroupId, Seq, UserId } from "../wire/ids.ts";
import { applyEntry, type Membership } from "../wire/membership.ts";
import { type MembershipEntry, parseEntry } from "../wire/membership-entry.ts";
import { messageTypes } from "../wire/send-frame.ts";
import { type Ask, askOnce, askPatiently, type IdentityBook } from "./identity-book.ts";
import type { Mailbox } from "./mailbox.ts";
import { MembershipHistory } from "./membership-history.ts";
import type { SealedFor, SealPlace } from "./outbox.ts";

/** A message that was delivered, opened and verified. */
export interface OpenedMessage {
  readonly group: GroupId;
  readonly seq: Seq;
  readonly sender: UserId;
  readonly sentAt: number;
  readonly clientMessageId: bigint;
  readonly content: Content;
}

/** A message that was delivered and could not be opened, and why. */
export interface UnreadableMessage {
  readonly group: GroupId;
  readonly seq: Seq;
  readonly sender: UserId;
  readonly fault: SuiteFault | "not_a_member" | "unknown_sender" | "unknown_content";
  readonly detail: string;
}

export interface ConversationEvents {
  message?(message: OpenedMessage): void;
  unreadable?(message: UnreadableMessage): void;
  /** The membership log has one more entry. */
  changed?(group: GroupId, entry: MembershipEntry, after: Membership): void;
  /** The server showed a log that cannot be: whatever it says of this group is refused. */
  logRefused?(group: GroupId, detail: string): void;
}

export interface ConversationParts {
  readonly self: Identity;
  readonly user: UserId;
  readonly mailbox: Mailbox;
  readonly people: IdentityBook;
  readonly suites: ReadonlyMap<string, AnySuite>;
}

/**
 * One group as a member sees it: derived from its signed log alone, with the keys to seal and open. What it does runs one
 * after the other, in the order of the group's messages.
 */
export class Conversation {
  readonly group: GroupId;
  readonly #parts: ConversationParts;
  readonly #events: ConversationEvents;
  readonly #history = new MembershipHistory();
  #membership: Membership | undefined;
  #suiteState: unknown;
  #sealedTitle: { epoch: Epoch; sealed: Uint8Array } | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(group: GroupId, parts: ConversationParts, events: ConversationEvents) {
    this.group = group;
    this.#parts = parts;
    this.#events = events;
  }

  /** Undefined before the first {@link refresh}. */
  get membership(): Membership | undefined {
    return this.#membership;
  }

  get suite(): AnySuite | undefined {
    return this.#membership && this.#parts.suites.get(this.#membership.settings.suite);
  }

  get suiteState(): unknown {
    return this.#suiteState;
  }

  /** What the members call the group, if it can be opened. */
  get title(): string | undefined {
    const title = this.#sealedTitle;
    const suite = this.suite;
    if (!title || !suite?.holds(this.#suiteState, title.epoch)) return undefined;
    const opened = suite.openTitle(this.#suiteState, this.group, title.epoch, title.sealed);
    return opened.ok ? opened.value : undefined;
  }

  /** Reads what is new in the log, checks it, and takes the keys that it opens. */
  refresh(): Promise<Parsed<Membership>> {
    return this.#inOrder(() => this.#refresh(askOnce));
  }

  /** Seals a content for the outbox, under the newest key; rekeys first when the epoch has none. */
  seal(place: SealPlace, content: Content, rekey: () => Promise<Parsed<unknown>>): Promise<Parsed<SealedFor>> {
    return this.#inOrder(async () => {
      const known = this.#membership;
      if (!known || known.epoch < place.epoch || !known.keyed || !this.suite?.holds(this.#suiteState, known.epoch)) {
        const refreshed = await this.#refresh(askPatiently);
        if (!refreshed.ok) return refreshed;
      }
      return accepted(undefined);
    }).then(async (ready) => {
      if (!ready.ok) return ready;
      if (this.#membership?.keyed === false) {
        const rekeyed = await rekey();
        if (!rekeyed.ok) return rekeyed;
      }
      return this.#inOrder(() => this.#seal(place, content));
    });
  }

  /** A message of this group, in its turn. */
  received(seq: Seq, message: DeliveredMessage): void {
    void this.#inOrder(() =>
      message.type === messageTypes.membership ? this.#receivedEntry(message) : this.#open(seq, message),
    );
  }

  /** An entry of the caller's own that the server has accepted, with the state that it led to. */
  adopt(entry: MembershipEntry, bytes: Uint8Array, suiteState: unknown): Promise<void> {
    return this.#inOrder(async () => {
      if (entry.index !== (this.#membership?.length ?? 0)) return;
      if (this.#apply(entry, bytes).ok && suiteState !== undefined) this.#suiteState = suiteState;
    });
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => {});
    return done;
  }

  async #refresh(ask: Ask): Promise<Parsed<Membership>> {
    for (;;) {
      const from = this.#membership?.length ?? 0;
      const page = await ask(this.#parts.mailbox, { kind: "log", group: this.group, from });
      if (!page.ok) return refused(`the group's log could not be read: ${page.reason.code}`);
      for (const { entry } of page.value.entries) {
        const checked = await this.#check(entry, ask);
        if (!checked.ok) return this.#refuseLog(checked.reason);
      }
      if (page.value.entries.length === 0 || (this.#membership?.length ?? 0) >= page.value.length) break;
    }
    const membership = this.#membership;
    if (!membership) return refused("the group's log is empty");
    const keys = await this.#takeKeys(ask);
    return keys.ok ? accepted(membership) : keys;
  }

  /** Verifies one entry and takes it in. */
  async #check(bytes: Uint8Array, ask: Ask): Promise<Parsed<undefined>> {
    const parsed = parseEntry(bytes);
    if (!parsed.ok) return parsed;
    const { entry } = parsed.value;
    const actor = await this.#parts.people.byFingerprint(entry.actor, entry.actorFingerprint, ask);
    if (!actor.ok) return actor;
    if (!isSignedBy(parsed.value, actor.value.signing))
      return refused(`entry ${entry.index} is not signed by its actor`);
    return this.#apply(entry, bytes);
  }

  #apply(entry: MembershipEntry, bytes: Uint8Array): Parsed<undefined> {
    const before = this.#membership;
    const applied = applyEntry(before, entry, entryHash(bytes));
    if (!applied.ok) return refused(`entry ${entry.index}: ${applied.reason.detail}`);
    if (entry.group !== this.group) return refused("the log is another group's");
    this.#membership = applied.value;
    this.#history.record(entry, before, applied.value);
    if (entry.sealedTitle) this.#sealedTitle = { epoch: entry.epoch, sealed: entry.sealedTitle };
    this.#events.changed?.(this.group, entry, applied.value);
    return accepted(undefined);
  }

  /** Follows every epoch that the log opens, this member was given a key for, and the state does not hold yet. */
  async #takeKeys(ask: Ask): Promise<Parsed<undefined>> {
    const suite = this.suite;
    if (!suite) return refused(`this client does not know the suite ${this.#membership?.settings.suite}`);
    const wanting = [...this.#history.openedEpochs].filter((epoch) => !suite.holds(this.#suiteState, epoch));
    // Epochs before joining have no key for this member, and will not get one by asking again.
    let from = wanting.find((epoch) => this.#history.memberIn(epoch, this.#parts.user));
    while (from !== undefined) {
      const page = await ask(this.#parts.mailbox, { kind: "keys", group: this.group, from });
      if (!page.ok) return refused(`the group's keys could not be read: ${page.reason.code}`);
      for (const { epoch, wrapped } of page.value.keys) {
        const entry = this.#history.opening(epoch);
        if (!entry || suite.holds(this.#suiteState, epoch)) continue;
        const followed = await suite.followEpoch(this.#parts.self, this.#suiteState, entry, wrapped);
        if (!followed.ok) return this.#refuseLog(`the key of epoch ${epoch}: ${followed.reason}`);
        this.#suiteState = followed.value;
      }
      from = page.value.more ? (((page.value.keys.at(-1)?.epoch as number) + 1) as Epoch) : undefined;
    }
    return accepted(undefined);
  }

  #refuseLog(detail: string): Parsed<never> {
    this.#events.logRefused?.(this.group, detail);
    return refused(detail);
  }

  async #receivedEntry({ payload }: DeliveredMessage): Promise<void> {
    const parsed = parseEntry(payload);
    const length = this.#membership?.length;
    if (length === undefined || (parsed.ok && parsed.value.entry.index < length)) return;
    if (!parsed.ok || parsed.value.entry.index > length) {
      await this.#refresh(askPatiently);
      return;
    }
    // Its key is taken when something is to be sealed or opened under it.
    const checked = await this.#check(payload, askPatiently);
    if (!checked.ok) this.#refuseLog(checked.reason);
  }

  async #seal({ clientMessageId, group }: SealPlace, content: Content): Promise<Parsed<SealedFor>> {
    const membership = this.#membership;
    const suite = this.suite;
    if (!membership || !suite) return refused("the group's log could not be read");
    const { epoch, head: logHead } = membership;
    const envelope = {
      type: messageTypes.application,
      group,
      epoch,
      sender: this.#parts.user,
      clientMessageId,
      logHead,
    };
    const sealed = await suite.seal(this.#parts.self, this.#suiteState, envelope, encodeContent(content));
    if (!sealed.ok) return refused(`the message could not be sealed: ${sealed.reason}`);
    this.#suiteState = sealed.value.state;
    return accepted({ epoch, payload: sealed.value.payload });
  }

  async #open(seq: Seq, message: DeliveredMessage): Promise<void> {
    const { sender, epoch, sentAt, clientMessageId, type, payload } = message;
    const unreadable = (fault: UnreadableMessage["fault"], detail = "") =>
      this.#events.unreadable?.({ group: this.group, seq, sender, fault, detail });
    if (!this.suite?.holds(this.#suiteState, epoch)) {
      const refreshed = await this.#refresh(askPatiently);
      if (!refreshed.ok) return unreadable("unknown_epoch", refreshed.reason);
    }
    const fingerprint = this.#history.memberIn(epoch, sender);
    if (!fingerprint) return unreadable("not_a_member");
    const person = await this.#parts.people.byFingerprint(sender, fingerprint, askPatiently);
    if (!person.ok) return unreadable("unknown_sender", person.reason);
    const envelope = { type, group: this.group, epoch, sender, clientMessageId };
    const opened = await (this.suite as AnySuite).open(this.#suiteState, envelope, payload, person.value);
    if (!opened.ok) return unreadable(opened.reason);
    this.#suiteState = opened.value.state;
    const content = parseContent(opened.value.body);
    if (!content.ok) return unreadable("unknown_content", content.reason);
    this.#events.message?.({ group: this.group, seq, sender, sentAt, clientMessageId, content: content.value });
  }
}
