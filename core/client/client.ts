import type { Content } from "../e2ee/content.ts";
import type { Identity } from "../e2ee/identity.ts";
import type { AnySuite } from "../e2ee/suite.ts";
import { type Result, refused } from "../platform/result.ts";
import type { DeliverCursor } from "../wire/deliver-frame.ts";
import type { ClientMessageId, GroupId, Seq, UserId } from "../wire/ids.ts";
import type { Membership } from "../wire/membership.ts";
import type { Conversation } from "./group/conversation.ts";
import type { ConversationEvents } from "./group/conversation-events.ts";
import type { Conversations } from "./group/conversations.ts";
import type { WantedChange } from "./group/group-changes.ts";
import type { WrittenMessage } from "./group/keeper.ts";
import type { OwnMessages } from "./group/own-messages.ts";
import type { ReadCursors } from "./group/read-cursors.ts";
import type { WatchedGroups, WatchedGroupsEvents } from "./group/watched-groups.ts";
import type { Authenticate, ConnectionState, Welcome } from "./mail/connection.ts";
import type { MailboxGroup } from "./mail/group-list.ts";
import { type GroupRefusal, refusal } from "./mail/group-refusal.ts";
import type { Mailbox } from "./mail/mailbox.ts";
import type { SendOutcome, SendRefusal } from "./mail/outgoing-message.ts";
import type { RequestRefusal } from "./mail/server-link.ts";
import type { IdentityBook, KnownPerson } from "./people/identity-book.ts";
import type { Trust, TrustEvents } from "./people/trust.ts";
import { titleRefusal } from "./text/text-limits.ts";

export interface ClientEvents extends ConversationEvents, TrustEvents, WatchedGroupsEvents {
  connection?(state: ConnectionState, why: string): void;
  /** A message of any group, once each and in the group's order, before it is opened. */
  delivered?(group: GroupId, message: DeliverCursor): void;
  /** The server says that these seqs have no message: expired in a group whose messages expire, and withheld otherwise. */
  missing?(group: GroupId, from: Seq, through: Seq): void;
  /** A group is new in the client's list; none of its messages has come yet. */
  joined?(group: MailboxGroup): void;
  left?(group: GroupId): void;
  /** The server sent messages of a group that the user has left. */
  strayed?(group: GroupId): void;
  /** Logged in or resumed, and the user's groups are known; called each time. */
  welcomed?(welcome: Welcome): void;
  /** The outcome of a message that an earlier run had left without one. */
  settled?(message: WrittenMessage, outcome: SendOutcome): void;
}

/** What `createClient` assembles. */
export interface ClientParts {
  readonly mailbox: Mailbox;
  readonly trust: Trust;
  readonly people: IdentityBook;
  readonly suites: ReadonlyMap<string, AnySuite>;
  readonly conversations: Conversations;
  readonly watched: WatchedGroups;
  readonly cursors: ReadCursors;
  readonly messages: OwnMessages;
  /** Sets the client's user. */
  become(identity: Identity, user: UserId): void;
}

/**
 * A user's client: logs in, founds and changes groups, sends and receives messages that only the groups' members can read.
 * The same for people and for simulated users.
 */
export class Client {
  readonly #parts: ClientParts;

  /** Called by `createClient`. */
  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  get trust(): Trust {
    return this.#parts.trust;
  }

  get mailbox(): Mailbox {
    return this.#parts.mailbox;
  }

  get user(): UserId | undefined {
    return this.#parts.conversations.user;
  }

  /** The name of the server that the client is connected to, for people and logs. */
  get server(): string | undefined {
    return this.#parts.mailbox.server;
  }

  /**
   * Connects and authenticates as this user; refused when the server refuses. `identity` is a function where the identity is
   * known only after the login.
   */
  async logIn(
    identity: Identity | (() => Identity),
    authenticate: Authenticate,
  ): Promise<Result<Welcome, RequestRefusal>> {
    return this.#parts.mailbox.logIn(async (link) => {
      const welcome = await authenticate(link);
      // This comes before the mailbox delivers the first message.
      if (welcome.ok) this.#parts.become(typeof identity === "function" ? identity() : identity, welcome.value.user);
      return welcome;
    });
  }

  /** Sets the user without a connection: kept messages can be read, and written ones wait. */
  recognise(identity: Identity, user: UserId): void {
    if (this.user === undefined) this.#parts.become(identity, user);
  }

  /** Goes online with the token of an earlier login. */
  resume(identity: Identity, user: UserId, token: Uint8Array): void {
    this.#parts.become(identity, user);
    this.#parts.mailbox.resume(token);
  }

  /** Resolves when the client keeps nothing any more. */
  async close(): Promise<void> {
    this.#parts.watched.unwatchAll();
    this.#parts.mailbox.close();
    await this.#parts.conversations.close();
  }

  /** The group as a conversation; its log is read when it is first needed. */
  conversation(group: GroupId): Conversation {
    return this.#parts.conversations.of(group);
  }

  /** Whether the user sends read receipts, by which their other machines learn how far they have read, too. */
  get readReceipts(): boolean {
    return this.#parts.cursors.receipts;
  }

  set readReceipts(are: boolean) {
    this.#parts.cursors.receipts = are;
  }

  /** Looks up users by the names that somebody typed; refused when one is unknown, or has another identity than before. */
  meet(names: readonly string[]): Promise<Result<KnownPerson[], GroupRefusal>> {
    return this.#parts.people.byName(names);
  }

  /** Founds a group of these users; the caller is its admin. */
  async createGroup(of: {
    readonly title: string;
    readonly members: readonly string[];
    readonly suite?: string;
    readonly history?: boolean;
    readonly expireSeconds?: number;
  }): Promise<Result<Conversation, GroupRefusal>> {
    const wrongTitle = titleRefusal(of.title);
    if (wrongTitle) return refused(wrongTitle);
    const { suites } = this.#parts;
    const [first] = suites.values();
    const suite = of.suite === undefined ? first : suites.get(of.suite);
    if (!suite) return refusal("unknown_suite", `this client does not know the suite ${of.suite}`);
    const people = await this.#parts.people.byName(of.members);
    if (!people.ok) return people;
    const { title, history = false, expireSeconds = 0 } = of;
    return this.#parts.conversations.changes.found((group) => this.conversation(group), people.value, suite, {
      title,
      history,
      expireSeconds,
    });
  }

  /** Changes a group's members, their roles or its title. */
  async changeGroup(
    group: GroupId,
    { names = [], ...change }: Omit<WantedChange, "people"> & { readonly names?: readonly string[] },
  ): Promise<Result<Membership, GroupRefusal>> {
    const wrongTitle = change.title === undefined ? undefined : titleRefusal(change.title);
    if (wrongTitle) return refused(wrongTitle);
    const people = await this.#parts.people.byName(names);
    if (!people.ok) return people;
    return this.#parts.conversations.changes.change(this.conversation(group), { ...change, people: people.value });
  }

  /** Removes all other members of a group and leaves it: for an admin. Called again after a failure, it goes on where it ended. */
  deleteGroup(group: GroupId): Promise<Result<undefined, GroupRefusal>> {
    return this.#parts.conversations.changes.dissolve(this.conversation(group));
  }

  /**
   * The user watches a group: `presence`, `cursors` and `typing` come from now on, over all connections, until
   * {@link unwatchGroup}.
   */
  watchGroup(group: GroupId): void {
    this.#parts.watched.watch(group);
  }

  unwatchGroup(group: GroupId): void {
    this.#parts.watched.unwatch(group);
  }

  /** The user is writing something to a group: the client sends that to those who watch it, once in 3 s at most. */
  typing(group: GroupId): void {
    this.#parts.watched.typing(group);
  }

  /** The members of a watched group who are known to be online; the set goes on changing. */
  onlineIn(group: GroupId): ReadonlySet<UserId> {
    return this.#parts.watched.online(group);
  }

  /** The known read cursors of a watched group's members; the map goes on changing. */
  cursorsIn(group: GroupId): ReadonlyMap<UserId, Seq> {
    return this.#parts.watched.cursors(group);
  }

  /** The user has read everything up to a seq. With {@link readReceipts} that is sent, now or when the client is online. */
  markRead(group: GroupId, seq: Seq): void {
    this.#parts.cursors.read(group, seq);
  }

  /** Deletes the kept messages that have expired, in groups whose messages expire. */
  forgetExpired(): Promise<void> {
    return this.#parts.conversations.forgetExpired();
  }

  /** Sends a content to a group, and calls `settled` with its outcome. Refused when too many wait, or it is too large for a message. */
  send(
    group: GroupId,
    content: Content,
    settled: (outcome: SendOutcome) => void,
    id?: ClientMessageId,
  ): Result<ClientMessageId, SendRefusal> {
    return this.#parts.messages.send(group, content, settled, id);
  }

  /** Sends a failed message again under its own id: the group gets it once, even if the server has it already. */
  retry(id: ClientMessageId, settled: (outcome: SendOutcome) => void): ReturnType<OwnMessages["retry"]> {
    return this.#parts.messages.retry(id, settled);
  }

  /**
   * Deletes a message that has failed or waits, and sends it no more; one that is under way may be stored all the same, and is delivered
   * then. False when there is no such message.
   */
  discard(id: ClientMessageId): boolean {
    return this.#parts.messages.discard(id);
  }
}
