import type { Identity } from "../../e2ee/identity.ts";
import type { AnySuite } from "../../e2ee/suite.ts";
import { copyBytes } from "../../wire/bytes.ts";
import type { DeliverCursor } from "../../wire/deliver-frame.ts";
import type { GroupId, Seq, UserId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import type { IdentityBook } from "../people/identity-book.ts";
import { Conversation } from "./conversation.ts";
import type { ConversationEvents } from "./conversation-events.ts";
import { GroupChanges } from "./group-changes.ts";
import type { Keeper } from "./keeper.ts";

export interface ConversationsParts {
  readonly mailbox: Mailbox;
  readonly people: IdentityBook;
  readonly suites: ReadonlyMap<string, AnySuite>;
  readonly keeper: Keeper | undefined;
  /** Whether a delivered message is opened; without this, all are. */
  opens?(message: DeliverCursor): boolean;
}

/** A user's conversations: each is made when its group is first needed, and dropped after the user has left the group. */
export class Conversations {
  readonly #parts: ConversationsParts;
  readonly #events: ConversationEvents;
  readonly #conversations = new Map<GroupId, Conversation>();
  #self: { readonly identity: Identity; readonly user: UserId; readonly changes: GroupChanges } | undefined;

  constructor(parts: ConversationsParts, events: ConversationEvents) {
    this.#parts = parts;
    this.#events = events;
  }

  /** The user whose conversations these are, once that is known. */
  get user(): UserId | undefined {
    return this.#self?.user;
  }

  get changes(): GroupChanges {
    return this.#loggedIn().changes;
  }

  /** Sets the user whose conversations these are; returns whether none was known before. */
  become(identity: Identity, user: UserId): boolean {
    const isFirst = this.#self === undefined;
    const { mailbox, people } = this.#parts;
    this.#self = { identity, user, changes: new GroupChanges({ self: identity, user, mailbox, people }) };
    return isFirst;
  }

  /** The group as a conversation; its log is read when it is first needed. */
  of(group: GroupId): Conversation {
    const existing = this.#conversations.get(group);
    if (existing) return existing;
    const { identity: self, user } = this.#loggedIn();
    const conversation = new Conversation(group, { ...this.#parts, self, user }, this.#events);
    this.#conversations.set(group, conversation);
    return conversation;
  }

  delivered(group: GroupId, message: DeliverCursor): void {
    const isEntry = message.type === messageTypes.membership;
    const isKept = this.#parts.keeper !== undefined;
    if (isEntry ? !isKept && !this.#conversations.has(group) : this.#parts.opens?.(message) === false) return;
    const copy = message.message();
    this.of(group).received(message.seq, { ...copy, payload: copyBytes(copy.payload) });
  }

  missed(group: GroupId, from: Seq, through: Seq): void {
    const conversation = this.#parts.keeper ? this.of(group) : this.#conversations.get(group);
    conversation?.missed(from, through);
  }

  left(group: GroupId): void {
    const conversation = this.#conversations.get(group);
    conversation?.left();
    // First it takes in what has come before, such as the entry that removed the user.
    void conversation?.idle().then(() => {
      if (!this.#parts.mailbox.groups.has(group)) this.#conversations.delete(group);
    });
  }

  /** Deletes the kept messages that have expired, in groups whose messages expire. */
  async forgetExpired(): Promise<void> {
    const { keeper, mailbox } = this.#parts;
    await Promise.all((keeper?.groups() ?? []).map(({ group }) => this.of(group).expire(mailbox.now())));
  }

  /** Resolves when no conversation keeps anything any more. */
  async close(): Promise<void> {
    await Promise.all([...this.#conversations.values()].map((conversation) => conversation.close()));
  }

  #loggedIn() {
    if (!this.#self) throw new Error("no user has logged in");
    return this.#self;
  }
}
