import type { Content } from "../e2ee/content.ts";
import type { Identity } from "../e2ee/identity.ts";
import type { AnySuite } from "../e2ee/suite.ts";
import { type Result, refused } from "../platform/result.ts";
import { copyBytes } from "../wire/bytes.ts";
import type { DeliverCursor } from "../wire/deliver-frame.ts";
import type { ClientMessageId, GroupId, Seq, UserId } from "../wire/ids.ts";
import type { Membership } from "../wire/membership.ts";
import { messageTypes } from "../wire/send-frame.ts";
import { Conversation } from "./group/conversation.ts";
import type { ConversationEvents } from "./group/conversation-events.ts";
import { GroupChanges, type WantedChange } from "./group/group-changes.ts";
import type { Keeper, WrittenMessage } from "./group/keeper.ts";
import type { OlderMessages } from "./group/older-messages.ts";
import { WatchedGroups, type WatchedGroupsEvents } from "./group/watched-groups.ts";
import type { Authenticate, ConnectionParts, ConnectionState, Welcome } from "./mail/connection.ts";
import type { MailboxGroup } from "./mail/group-list.ts";
import { type GroupRefusal, refusal } from "./mail/group-refusal.ts";
import { Mailbox, type MailboxOptions } from "./mail/mailbox.ts";
import type { SendOutcome } from "./mail/outgoing-message.ts";
import type { Notice, RequestRefusal } from "./mail/server-link.ts";
import { IdentityBook, type KnownPerson } from "./people/identity-book.ts";
import type { IdentityCache } from "./people/identity-cache.ts";
import { memoryPins, Trust, type TrustEvents } from "./people/trust.ts";

export interface ClientEvents extends ConversationEvents, TrustEvents, WatchedGroupsEvents {
  connection?(state: ConnectionState, why: string): void;
  /** Each message of each group once, in order, before it is opened. */
  delivered?(group: GroupId, message: DeliverCursor): void;
  /** The server says that these places hold nothing: expired, where the group says so, and withheld otherwise. */
  missing?(group: GroupId, from: Seq, through: Seq): void;
  joined?(group: MailboxGroup): void;
  left?(group: GroupId): void;
  noticed?(notice: Notice): void;
  /** The server sent messages of a group that the user has left. */
  strayed?(group: GroupId): void;
  /** Logged in or resumed, each time. */
  welcomed?(welcome: Welcome): void;
  /** What became of a message that an earlier run had left unsent. */
  settled?(message: WrittenMessage, outcome: SendOutcome): void;
}

export interface ClientOptions extends Omit<MailboxOptions, "startAfter"> {
  readonly suites: readonly AnySuite[];
  readonly identities: IdentityCache;
  /** What is kept from one run to the next; nothing, without one. */
  readonly keeper?: Keeper | undefined;
  /**
   * Whether identities are pinned when they are first met, and held to that: for people. Simulated users of one process
   * share what they have checked, and trust the servers under test.
   */
  readonly pinning: boolean;
  /** Where reading begins in a group that was not known before: behind `lastSeq`, unless somebody knows better. */
  startAfter?(group: GroupId, lastSeq: Seq): Seq;
  /** Which delivered messages are opened; all, unless somebody has to save time. */
  opens?(message: DeliverCursor): boolean;
}

/**
 * A user of FastChat: logs in, founds and changes groups, sends and receives what only their members can read. The same
 * for people and for simulated users.
 */
export class Client {
  readonly trust: Trust;
  readonly #mailbox: Mailbox;
  readonly #options: ClientOptions;
  readonly #events: ClientEvents;
  readonly #suites: ReadonlyMap<string, AnySuite>;
  readonly #conversations = new Map<GroupId, Conversation>();
  readonly #people: IdentityBook;
  readonly #watched: WatchedGroups;
  /** Whether others are told how far the user has read. Their other machines learn it the same way. */
  readReceipts = true;
  #server: string | undefined;
  #self: { identity: Identity; user: UserId; changes: GroupChanges } | undefined;

  constructor(parts: ConnectionParts, options: ClientOptions, events: ClientEvents) {
    const { keeper, identities, pinning } = options;
    this.#options = options;
    this.#events = events;
    this.#suites = new Map(options.suites.map((suite) => [suite.name, suite]));
    this.trust = new Trust(keeper?.pins ?? memoryPins(), identities, events);
    const startAfter = (group: GroupId, lastSeq: Seq) => {
      const after = options.startAfter?.(group, lastSeq) ?? lastSeq;
      return keeper ? keeper.entered(group, after) : after;
    };
    this.#mailbox = new Mailbox(
      parts,
      { ...options, startAfter },
      {
        connection: (state, why) => {
          if (state !== "online") this.#interrupted();
          events.connection?.(state, why);
        },
        delivered: (group, message) => this.#delivered(group, message),
        missing: (group, from, through) => {
          (keeper ? this.conversation(group) : this.#conversations.get(group))?.missed(from, through);
          events.missing?.(group, from, through);
        },
        joined: (group) => events.joined?.(group),
        left: (group) => this.#left(group),
        read: (group, seq) => this.#readAsTold(group, seq),
        ready: (welcome) => this.#ready(welcome),
        noticed: (notice) => {
          this.#noticed(notice);
          events.noticed?.(notice);
        },
        strayed: (group) => events.strayed?.(group),
      },
    );
    this.#watched = new WatchedGroups({ mailbox: this.#mailbox, clock: parts.clock, user: () => this.user }, events);
    this.#people = new IdentityBook(this.#mailbox, identities, pinning ? this.trust : undefined);
  }

  get mailbox(): Mailbox {
    return this.#mailbox;
  }

  get user(): UserId | undefined {
    return this.#self?.user;
  }

  /** The name of the server that this is connected to, for people and logs. */
  get server(): string | undefined {
    return this.#server;
  }

  /**
   * Connects as this user; refused when the server does not let them in. Who learns their identity by logging in hands a
   * function over.
   */
  async logIn(
    identity: Identity | (() => Identity),
    authenticate: Authenticate,
  ): Promise<Result<Welcome, RequestRefusal>> {
    return this.#mailbox.logIn(async (link) => {
      const welcome = await authenticate(link);
      // Before the mailbox brings the first message.
      if (welcome.ok) this.#become(typeof identity === "function" ? identity() : identity, welcome.value.user);
      return welcome;
    });
  }

  /** Says who this is, without a connection: what is kept can be read, and what is written waits. */
  recognise(identity: Identity, user: UserId): void {
    if (!this.#self) this.#become(identity, user);
  }

  /** Goes online with the token of an earlier login. */
  resume(identity: Identity, user: UserId, token: Uint8Array): void {
    this.#become(identity, user);
    this.#mailbox.resume(token);
  }

  /** Resolves when nothing is kept any more. */
  async close(): Promise<void> {
    this.#watched.unwatchAll();
    this.#mailbox.close();
    await Promise.all([...this.#conversations.values()].map((conversation) => conversation.close()));
  }

  /** The group as a conversation; its log is read when it is first needed. */
  conversation(group: GroupId): Conversation {
    const existing = this.#conversations.get(group);
    if (existing) return existing;
    const { identity: self, user } = this.#loggedIn();
    const { keeper } = this.#options;
    const parts = { self, user, mailbox: this.#mailbox, people: this.#people, suites: this.#suites, keeper };
    const conversation = new Conversation(group, parts, this.#events);
    this.#conversations.set(group, conversation);
    return conversation;
  }

  /** Meets users by the names that somebody typed; refused when one is unknown, or not who they were. */
  meet(names: readonly string[]): Promise<Result<KnownPerson[], GroupRefusal>> {
    return this.#people.byName(names);
  }

  /** Founds a group of these users; the caller is its admin. */
  async createGroup(of: {
    readonly title: string;
    readonly members: readonly string[];
    readonly suite?: string;
    readonly history?: boolean;
    readonly expireSeconds?: number;
  }): Promise<Result<Conversation, GroupRefusal>> {
    const suite = of.suite === undefined ? this.#options.suites[0] : this.#suites.get(of.suite);
    if (!suite) return refusal("unknown_suite", `this client does not know the suite ${of.suite}`);
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
  ): Promise<Result<Membership, GroupRefusal>> {
    const people = await this.#people.byName(names);
    if (!people.ok) return people;
    return this.#loggedIn().changes.change(this.conversation(group), { ...change, people: people.value });
  }

  /** Removes everybody else from a group and leaves it: for an admin. Done again after a failure, it goes on where it ended. */
  deleteGroup(group: GroupId): Promise<Result<undefined, GroupRefusal>> {
    return this.#loggedIn().changes.dissolve(this.conversation(group));
  }

  /**
   * The user looks at a group: `presence`, `cursors` and `typing` come from now on, over all connections, until
   * {@link unwatchGroup}.
   */
  watchGroup(group: GroupId): void {
    this.#watched.watch(group);
  }

  unwatchGroup(group: GroupId): void {
    this.#watched.unwatch(group);
  }

  /** The user is writing something to a group: whoever looks at it is told, once in 3 s at most. */
  typing(group: GroupId): void {
    this.#watched.typing(group);
  }

  /** Who of a watched group is online, as far as is known; the set goes on changing. */
  onlineIn(group: GroupId): ReadonlySet<UserId> {
    return this.#watched.online(group);
  }

  /** How far members of a watched group have read it, as far as is known; the map goes on changing. */
  cursorsIn(group: GroupId): ReadonlyMap<UserId, Seq> {
    return this.#watched.cursors(group);
  }

  /** The user has read everything up to a place. Others are told if they may know, now or when there is a connection. */
  markRead(group: GroupId, seq: Seq): void {
    const { keeper } = this.#options;
    const isNew = keeper ? keeper.readUpTo(group, seq) : true;
    if (isNew && this.readReceipts) this.#mailbox.read(group, seq);
  }

  /**
   * Fetches up to so many messages (500 at most) of a group from before the oldest that is kept, and keeps them: a machine
   * that is new to a group begins with the last ones.
   */
  older(group: GroupId, count: number): Promise<Result<OlderMessages, GroupRefusal>> {
    return this.conversation(group).older(count);
  }

  /** Milliseconds to the server and back. */
  roundTrip(): Promise<Result<number, RequestRefusal>> {
    return this.#mailbox.roundTrip();
  }

  /** Deletes what has expired in groups that let their messages expire; for who keeps any. */
  async forgetExpired(): Promise<void> {
    const groups = this.#options.keeper?.groups() ?? [];
    await Promise.all(groups.map(({ group }) => this.conversation(group).expire(this.#mailbox.now())));
  }

  /** Sends a content to a group; `settled` learns what became of it. Refused when too many wait. */
  send(
    group: GroupId,
    content: Content,
    settled: (outcome: SendOutcome) => void,
    id: ClientMessageId = this.#mailbox.nextId(),
  ): Result<ClientMessageId> {
    if (!this.#mailbox.hasRoom) return refused("too many messages wait already for their acknowledgement");
    const message = { id, group, content, writtenAt: this.#mailbox.now() };
    this.#options.keeper?.written(message);
    this.#transmit(message, false, settled);
    return { ok: true, value: id };
  }

  /**
   * Sends a message that failed once more, as it was: under its own id, so that it is there once, even if the server has
   * taken it in without being able to say so. Refused when there is no such message, or too many wait.
   */
  retry(id: ClientMessageId, settled: (outcome: SendOutcome) => void): Result<ClientMessageId> {
    if (!this.#mailbox.hasRoom) return refused("too many messages wait already for their acknowledgement");
    const message = this.#options.keeper?.retried(id);
    if (!message) return refused("no such message has failed");
    this.#transmit(message, true, settled);
    return { ok: true, value: id };
  }

  /** Deletes a message that failed; false when there is none. */
  discard(id: ClientMessageId): boolean {
    return this.#options.keeper?.discarded(id) ?? false;
  }

  #transmit(message: WrittenMessage, sentBefore: boolean, settled: (outcome: SendOutcome) => void): void {
    const { id, group, content } = message;
    const conversation = this.conversation(group);
    const rekey = () => this.#loggedIn().changes.change(conversation, { action: "rekey" });
    const taken = this.#mailbox.send(
      { id, group, sentBefore, seal: (place) => conversation.seal(place, content, rekey) },
      (outcome) => {
        // Who pins nobody does not read everything.
        if (outcome.ok && this.#options.pinning) conversation.acknowledged(outcome.seq, id);
        this.#options.keeper?.settled(id, outcome.ok ? outcome : { ok: false, why: outcome.code });
        settled(outcome);
      },
    );
    if (!taken.ok) settled({ ok: false, code: "busy", detail: taken.reason });
  }

  #become(identity: Identity, user: UserId): void {
    const isFirst = this.#self === undefined;
    const parts = { self: identity, user, mailbox: this.#mailbox, people: this.#people };
    this.#self = { identity, user, changes: new GroupChanges(parts) };
    // Oneself is nobody to be surprised by.
    if (this.#options.pinning) this.trust.meet(user, identity.public);
    if (!isFirst) return;
    for (const message of this.#options.keeper?.unsent() ?? []) {
      this.#transmit(message, true, (outcome) => this.#events.settled?.(message, outcome));
    }
  }

  #interrupted(): void {
    this.#server = undefined;
    this.#watched.interrupted();
  }

  #ready(welcome: Welcome): void {
    const { keeper } = this.#options;
    this.#server = welcome.server;
    for (const { group } of keeper?.groups() ?? []) {
      // While the client was away.
      if (!this.#mailbox.groups.has(group)) this.#left(group);
    }
    for (const group of this.#mailbox.groups.keys()) this.#watched.entered(group);
    this.#events.welcomed?.(welcome);
  }

  #left(group: GroupId): void {
    const conversation = this.#conversations.get(group);
    conversation?.left();
    // It still has to take in what came before: at least by whom the user was removed.
    void conversation?.idle().then(() => {
      if (!this.#mailbox.groups.has(group)) this.#conversations.delete(group);
    });
    this.#watched.left(group);
    this.#options.keeper?.left(group);
    this.#events.left?.(group);
  }

  /** What the servers know of how far the user has read, which may have been at another machine, or without a connection. */
  #readAsTold(group: GroupId, seq: Seq): void {
    const { keeper } = this.#options;
    if (!keeper || keeper.readUpTo(group, seq)) return;
    const own = keeper.readSeq(group);
    if (own > seq && this.readReceipts) this.#mailbox.read(group, own);
  }

  #noticed(notice: Notice): void {
    this.#watched.noticed(notice);
    if (notice.kind === "joined") this.#watched.entered(notice.group);
    if (notice.kind !== "cursors") return;
    const own = notice.cursors.find(([user]) => user === this.user);
    if (own) this.#options.keeper?.readUpTo(notice.group, own[1]);
  }

  #loggedIn() {
    if (!this.#self) throw new Error("no user has logged in");
    return this.#self;
  }

  #delivered(group: GroupId, message: DeliverCursor): void {
    this.#events.delivered?.(group, message);
    const isEntry = message.type === messageTypes.membership;
    const isKept = this.#options.keeper !== undefined;
    if (isEntry ? !isKept && !this.#conversations.has(group) : this.#options.opens?.(message) === false) return;
    const copy = message.message();
    this.conversation(group).received(message.seq, { ...copy, payload: copyBytes(copy.payload) });
  }
}
