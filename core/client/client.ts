import type { Content } from "../e2ee/content.ts";
import type { Identity } from "../e2ee/identity.ts";
import type { AnySuite } from "../e2ee/suite.ts";
import { type Parsed, refused } from "../platform/parsed.ts";
import { copyBytes } from "../wire/bytes.ts";
import type { DeliverCursor } from "../wire/deliver-frame.ts";
import type { ClientMessageId, GroupId, Seq, UserId } from "../wire/ids.ts";
import type { Membership } from "../wire/membership.ts";
import { messageTypes } from "../wire/send-frame.ts";
import type { Authenticate, ConnectionState, Welcome } from "./connection.ts";
import { Conversation, type ConversationEvents } from "./conversation.ts";
import { GroupChanges, type WantedChange } from "./group-changes.ts";
import { IdentityBook, type IdentityCache } from "./identity-book.ts";
import { Mailbox, type MailboxGroup, type MailboxOptions, type MailboxParts } from "./mailbox.ts";
import type { SendOutcome } from "./outbox.ts";
import type { Notice, RequestRefused } from "./server-link.ts";

export interface ClientEvents extends ConversationEvents {
  connection?(state: ConnectionState, why: string): void;
  /** Each message of each group once, in order, before it is opened. */
  delivered?(group: GroupId, message: DeliverCursor): void;
  missing?(group: GroupId, from: Seq, through: Seq): void;
  joined?(group: MailboxGroup): void;
  left?(group: GroupId): void;
  noticed?(notice: Notice): void;
  /** The server sent messages of a group that the user has left. */
  strayed?(group: GroupId): void;
}

export interface ClientOptions extends MailboxOptions {
  readonly suites: readonly AnySuite[];
  readonly identities: IdentityCache;
  /** Which delivered messages are opened; all, unless somebody has to save time. */
  opens?(message: DeliverCursor): boolean;
}

/**
 * A user of FastChat: logs in, founds and changes groups, sends and receives what only their members can read. The same
 * for people and for simulated users.
 */
export class Client {
  readonly #mailbox: Mailbox;
  readonly #options: ClientOptions;
  readonly #events: ClientEvents;
  readonly #suites: ReadonlyMap<string, AnySuite>;
  readonly #conversations = new Map<GroupId, Conversation>();
  readonly #people: IdentityBook;
  #self: { identity: Identity; user: UserId; changes: GroupChanges } | undefined;

  constructor(parts: MailboxParts, options: ClientOptions, events: ClientEvents) {
    this.#options = options;
    this.#events = events;
    this.#suites = new Map(options.suites.map((suite) => [suite.name, suite]));
    this.#mailbox = new Mailbox(parts, options, {
      connection: (state, why) => events.connection?.(state, why),
      delivered: (group, message) => this.#delivered(group, message),
      missing: (group, from, through) => events.missing?.(group, from, through),
      joined: (group) => events.joined?.(group),
      left: (group) => {
        this.#conversations.delete(group);
        events.left?.(group);
      },
      noticed: (notice) => events.noticed?.(notice),
      strayed: (group) => events.strayed?.(group),
    });
    this.#people = new IdentityBook(this.#mailbox, options.identities);
  }

  get mailbox(): Mailbox {
    return this.#mailbox;
  }

  get user(): UserId | undefined {
    return this.#self?.user;
  }

  /** Connects as this user; refused when the server does not let them in. */
  async logIn(identity: Identity, authenticate: Authenticate): Promise<Parsed<Welcome, RequestRefused>> {
    const welcome = await this.#mailbox.logIn(authenticate);
    if (welcome.ok) this.#become(identity, welcome.value.user);
    return welcome;
  }

  /** Goes online with the token of an earlier login. */
  resume(identity: Identity, user: UserId, token: Uint8Array): void {
    this.#become(identity, user);
    this.#mailbox.resume(token);
  }

  close(): void {
    this.#mailbox.close();
  }

  /** The group as a conversation; its log is read when it is first needed. */
  conversation(group: GroupId): Conversation {
    const existing = this.#conversations.get(group);
    if (existing) return existing;
    const { identity: self, user } = this.#loggedIn();
    const parts = { self, user, mailbox: this.#mailbox, people: this.#people, suites: this.#suites };
    const conversation = new Conversation(group, parts, this.#events);
    this.#conversations.set(group, conversation);
    return conversation;
  }

  /** Founds a group of these users; the caller is its admin. */
  async createGroup(of: {
    readonly title: string;
    readonly members: readonly string[];
    readonly suite?: string;
    readonly history?: boolean;
    readonly expireSeconds?: number;
  }): Promise<Parsed<Conversation>> {
    const suite = of.suite === undefined ? this.#options.suites[0] : this.#suites.get(of.suite);
    if (!suite) return refused(`this client does not know the suite ${of.suite}`);
    const people = await this.#people.byName(of.members);
    if (!people.ok) return people;
    const { title, history = false, expireSeconds = 0 } = of;
    return this.#loggedIn().changes.found((group) => this.conversation(group), people.value, suite, {
      title,
      history,
      expireSeconds,
    });
  }

  /** Changes a group's members, their roles or its title. */
  async changeGroup(
    group: GroupId,
    { names = [], ...change }: Omit<WantedChange, "people"> & { readonly names?: readonly string[] },
  ): Promise<Parsed<Membership>> {
    const people = await this.#people.byName(names);
    if (!people.ok) return people;
    return this.#loggedIn().changes.change(this.conversation(group), { ...change, people: people.value });
  }

  /** Sends a content to a group; `settled` learns what became of it. Refused when too many wait. */
  send(
    group: GroupId,
    content: Content,
    settled: (outcome: SendOutcome) => void,
    id?: ClientMessageId,
  ): Parsed<ClientMessageId> {
    const conversation = this.conversation(group);
    const rekey = () => this.#loggedIn().changes.change(conversation, { action: "rekey" });
    return this.#mailbox.send(
      { group, seal: (place) => conversation.seal(place, content, rekey), ...(id === undefined ? {} : { id }) },
      settled,
    );
  }

  #become(identity: Identity, user: UserId): void {
    const parts = { self: identity, user, mailbox: this.#mailbox, people: this.#people };
    this.#self = { identity, user, changes: new GroupChanges(parts) };
  }

  #loggedIn() {
    if (!this.#self) throw new Error("no user has logged in");
    return this.#self;
  }

  #delivered(group: GroupId, message: DeliverCursor): void {
    this.#events.delivered?.(group, message);
    const isEntry = message.type === messageTypes.membership;
    if (isEntry ? !this.#conversations.has(group) : this.#options.opens?.(message) === false) return;
    const copy = message.message();
    this.conversation(group).received(message.seq, { ...copy, payload: copyBytes(copy.payload) });
  }
}
