import type { Content } from "../e2ee/content.ts";
import type { Identity } from "../e2ee/identity.ts";
import type { AnySuite } from "../e2ee/suite.ts";
import { createSuites, type SuiteParts } from "../e2ee/suites.ts";
import type { Clock } from "../platform/clock.ts";
import type { Result } from "../platform/result.ts";
import type { DeliverCursor } from "../wire/deliver-frame.ts";
import type { ClientMessageId, GroupId, Seq, UserId } from "../wire/ids.ts";
import type { Membership } from "../wire/membership.ts";
import type { Conversation } from "./group/conversation.ts";
import type { ConversationEvents } from "./group/conversation-events.ts";
import { Conversations } from "./group/conversations.ts";
import type { WantedChange } from "./group/group-changes.ts";
import type { Keeper, WrittenMessage } from "./group/keeper.ts";
import type { OlderMessages } from "./group/older-messages.ts";
import { OwnMessages } from "./group/own-messages.ts";
import { ReadCursors } from "./group/read-cursors.ts";
import { WatchedGroups, type WatchedGroupsEvents } from "./group/watched-groups.ts";
import type { Authenticate, ConnectionParts, ConnectionState, Welcome } from "./mail/connection.ts";
import type { MailboxGroup } from "./mail/group-list.ts";
import { type GroupRefusal, refusal } from "./mail/group-refusal.ts";
import { Mailbox, type MailboxOptions } from "./mail/mailbox.ts";
import type { SendOutcome } from "./mail/outgoing-message.ts";
import type { RequestRefusal } from "./mail/server-link.ts";
import { IdentityBook, type KnownPerson } from "./people/identity-book.ts";
import type { IdentityCache } from "./people/identity-cache.ts";
import { memoryPins, Trust, type TrustEvents } from "./people/trust.ts";

export interface ClientEvents extends ConversationEvents, TrustEvents, WatchedGroupsEvents {
  connection?(state: ConnectionState, why: string): void;
  /** Each message of each group once, in order, before it is opened. */
  delivered?(group: GroupId, message: DeliverCursor): void;
  /** The server says that these seqs have no message: expired, where the group says so, and withheld otherwise. */
  missing?(group: GroupId, from: Seq, through: Seq): void;
  joined?(group: MailboxGroup): void;
  left?(group: GroupId): void;
  /** The server sent messages of a group that the user has left. */
  strayed?(group: GroupId): void;
  /** Logged in or resumed, each time. */
  welcomed?(welcome: Welcome): void;
  /** What became of a message that an earlier run had left unsent. */
  settled?(message: WrittenMessage, outcome: SendOutcome): void;
}

export interface ClientParts extends ConnectionParts, SuiteParts {
  readonly clock: Clock;
  /** Identities that were checked: simulated users of one process share them. */
  readonly identities: IdentityCache;
  /** What is kept from one run to the next; nothing, without one. */
  readonly keeper?: Keeper | undefined;
  /** Instead of all that there are. */
  readonly suites?: readonly AnySuite[] | undefined;
}

export interface ClientOptions extends MailboxOptions {
  /**
   * Whether identities are pinned when they are first met, and held to that: for people, whose every message is opened.
   * Simulated users trust the servers under test.
   */
  readonly pinning: boolean;
  /** Which delivered messages are opened; all, unless somebody has to save time. */
  opens?(message: DeliverCursor): boolean;
}

/** Puts a client together, for people and for simulated users alike. */
export function createClient(parts: ClientParts, options: ClientOptions, events: ClientEvents): Client {
  const { clock, keeper, identities } = parts;
  const { outboxMax, pinning } = options;
  const suites = new Map((parts.suites ?? createSuites(parts)).map((suite) => [suite.name, suite]));
  const startAfter = (group: GroupId, lastSeq: Seq) => {
    const after = options.startAfter?.(group, lastSeq) ?? lastSeq;
    return keeper ? keeper.entered(group, after) : after;
  };
  const left = (group: GroupId) => {
    for (const part of [conversations, watched, keeper]) part?.left(group);
    events.left?.(group);
  };
  const mailbox: Mailbox = new Mailbox(
    parts,
    { outboxMax, startAfter },
    {
      connection: (state, why) => {
        if (state !== "online") watched.interrupted();
        events.connection?.(state, why);
      },
      delivered: (group, message) => {
        events.delivered?.(group, message);
        conversations.delivered(group, message);
      },
      missing: (group, from, through) => {
        conversations.missed(group, from, through);
        events.missing?.(group, from, through);
      },
      joined: (group) => events.joined?.(group),
      left,
      read: (group, seq) => cursors.listed(group, seq),
      ready: (welcome) => {
        // Groups that the user has left while the client was away.
        for (const { group } of keeper?.groups() ?? []) if (!mailbox.groups.has(group)) left(group);
        for (const group of mailbox.groups.keys()) watched.entered(group);
        events.welcomed?.(welcome);
      },
      admitted: (group) => watched.entered(group),
      activity: (notice) => {
        watched.noticed(notice);
        if (notice.kind === "cursors") {
          const own = notice.cursors.find(([user]) => user === conversations.user);
          if (own) cursors.moved(notice.group, own[1]);
        }
      },
      strayed: (group) => events.strayed?.(group),
    },
  );
  const trust = new Trust(keeper?.pins ?? memoryPins(), identities, events);
  const people = new IdentityBook(mailbox, identities, pinning ? trust : undefined);
  const opens = options.opens && { opens: options.opens };
  const conversations = new Conversations({ mailbox, people, suites, keeper, ...opens }, events);
  const watched = new WatchedGroups({ mailbox, clock, user: () => conversations.user }, events);
  const cursors = new ReadCursors({ mailbox, keeper });
  const messages = new OwnMessages({ mailbox, conversations, keeper, opensAll: pinning });
  return new Client({
    mailbox,
    trust,
    people,
    suites,
    conversations,
    watched,
    cursors,
    messages,
    keeper,
    pinning,
    events,
  });
}

interface AssembledClient {
  readonly mailbox: Mailbox;
  readonly trust: Trust;
  readonly people: IdentityBook;
  readonly suites: ReadonlyMap<string, AnySuite>;
  readonly conversations: Conversations;
  readonly watched: WatchedGroups;
  readonly cursors: ReadCursors;
  readonly messages: OwnMessages;
  readonly keeper: Keeper | undefined;
  readonly pinning: boolean;
  readonly events: ClientEvents;
}

/**
 * A user of FastChat: logs in, founds and changes groups, sends and receives what only their members can read. The same
 * for people and for simulated users.
 */
export class Client {
  readonly #parts: AssembledClient;

  /** By {@link createClient}. */
  constructor(parts: AssembledClient) {
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

  /** The name of the server that this is connected to, for people and logs. */
  get server(): string | undefined {
    return this.#parts.mailbox.server;
  }

  /**
   * Connects as this user; refused when the server does not let them in. Who learns their identity by logging in hands a
   * function over.
   */
  async logIn(
    identity: Identity | (() => Identity),
    authenticate: Authenticate,
  ): Promise<Result<Welcome, RequestRefusal>> {
    return this.#parts.mailbox.logIn(async (link) => {
      const welcome = await authenticate(link);
      // Before the mailbox brings the first message.
      if (welcome.ok) this.#become(typeof identity === "function" ? identity() : identity, welcome.value.user);
      return welcome;
    });
  }

  /** Says who this is, without a connection: what is kept can be read, and what is written waits. */
  recognise(identity: Identity, user: UserId): void {
    if (this.user === undefined) this.#become(identity, user);
  }

  /** Goes online with the token of an earlier login. */
  resume(identity: Identity, user: UserId, token: Uint8Array): void {
    this.#become(identity, user);
    this.#parts.mailbox.resume(token);
  }

  /** Resolves when nothing is kept any more. */
  async close(): Promise<void> {
    this.#parts.watched.unwatchAll();
    this.#parts.mailbox.close();
    await this.#parts.conversations.close();
  }

  /** The group as a conversation; its log is read when it is first needed. */
  conversation(group: GroupId): Conversation {
    return this.#parts.conversations.of(group);
  }

  /** Whether others may know how far the user has read. Their other machines learn it the same way. */
  get readReceipts(): boolean {
    return this.#parts.cursors.receipts;
  }

  set readReceipts(are: boolean) {
    this.#parts.cursors.receipts = are;
  }

  /** Meets users by the names that somebody typed; refused when one is unknown, or not who they were. */
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
    const people = await this.#parts.people.byName(names);
    if (!people.ok) return people;
    return this.#parts.conversations.changes.change(this.conversation(group), { ...change, people: people.value });
  }

  /** Removes everybody else from a group and leaves it: for an admin. Done again after a failure, it goes on where it ended. */
  deleteGroup(group: GroupId): Promise<Result<undefined, GroupRefusal>> {
    return this.#parts.conversations.changes.dissolve(this.conversation(group));
  }

  /**
   * The user looks at a group: `presence`, `cursors` and `typing` come from now on, over all connections, until
   * {@link unwatchGroup}.
   */
  watchGroup(group: GroupId): void {
    this.#parts.watched.watch(group);
  }

  unwatchGroup(group: GroupId): void {
    this.#parts.watched.unwatch(group);
  }

  /** The user is writing something to a group: whoever looks at it learns it, once in 3 s at most. */
  typing(group: GroupId): void {
    this.#parts.watched.typing(group);
  }

  /** Who of a watched group is online, as far as is known; the set goes on changing. */
  onlineIn(group: GroupId): ReadonlySet<UserId> {
    return this.#parts.watched.online(group);
  }

  /** How far members of a watched group have read it, as far as is known; the map goes on changing. */
  cursorsIn(group: GroupId): ReadonlyMap<UserId, Seq> {
    return this.#parts.watched.cursors(group);
  }

  /** The user has read everything up to a seq. Others learn it if they may, now or when there is a connection. */
  markRead(group: GroupId, seq: Seq): void {
    this.#parts.cursors.read(group, seq);
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
    return this.#parts.mailbox.roundTrip();
  }

  /** Deletes what has expired in groups that let their messages expire; for who keeps any. */
  async forgetExpired(): Promise<void> {
    const { keeper, mailbox } = this.#parts;
    const groups = keeper?.groups() ?? [];
    await Promise.all(groups.map(({ group }) => this.conversation(group).expire(mailbox.now())));
  }

  /** Sends a content to a group; `settled` learns what became of it. Refused when too many wait. */
  send(
    group: GroupId,
    content: Content,
    settled: (outcome: SendOutcome) => void,
    id?: ClientMessageId,
  ): Result<ClientMessageId> {
    return this.#parts.messages.send(group, content, settled, id);
  }

  /** Sends a message that failed once more, under its own id: it is there once, even if the server has it already. */
  retry(id: ClientMessageId, settled: (outcome: SendOutcome) => void): Result<ClientMessageId> {
    return this.#parts.messages.retry(id, settled);
  }

  /** Deletes a message that failed; false when there is none. */
  discard(id: ClientMessageId): boolean {
    return this.#parts.keeper?.discarded(id) ?? false;
  }

  #become(identity: Identity, user: UserId): void {
    const { conversations, trust, pinning, messages, events } = this.#parts;
    const isFirst = conversations.become(identity, user);
    // Oneself is nobody to be surprised by.
    if (pinning) trust.meet(user, identity.public);
    if (isFirst) messages.resume((message, outcome) => events.settled?.(message, outcome));
  }
}
