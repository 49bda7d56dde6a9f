import { BoundedQueue } from "../../platform/bounded-queue.ts";
import { type Clock, sleep } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { copyBytes } from "../../wire/bytes.ts";
import { encodeClientFrame, type ReplyTo, type RequestKind } from "../../wire/client-frame.ts";
import { DeliverCursor, type DeliveredMessage } from "../../wire/deliver-frame.ts";
import type { ClientMessageId, Epoch, GroupId, Seq } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import type { Dial } from "../socket/dial.ts";
import type { OpenSocket, SocketOptions } from "../socket/socket.ts";
import { type Authenticate, Connection, type ConnectionState, type Welcome } from "./connection.ts";
import { type FeedSink, GroupFeed } from "./group-feed.ts";
import { MessageIds } from "./message-ids.ts";
import { Outbox, type OutgoingMessage, type SendOutcome } from "./outbox.ts";
import { isTemporary, type Notice, pauseMs, type RequestOf, type RequestRefusal } from "./server-link.ts";

/** A group as the mailbox knows it: places, not contents. */
export interface MailboxGroup {
  readonly id: GroupId;
  epoch: Epoch;
  logLength: number;
  readonly feed: GroupFeed;
}

export interface MailboxEvents extends FeedSink {
  connection(state: ConnectionState, why: string): void;
  /** The user's groups are known and being caught up with. */
  ready?(welcome: Welcome): void;
  joined?(group: MailboxGroup): void;
  left?(group: GroupId): void;
  /** How far the user has read a group, as far as the servers know: at any of their machines. */
  read?(group: GroupId, seq: Seq): void;
  noticed?(notice: Notice): void;
  /** The server sent messages of a group that the user has left; they are not passed on. */
  strayed?(group: GroupId): void;
}

export interface MailboxParts {
  readonly dial: Dial;
  readonly open: OpenSocket;
  readonly clock: Clock;
  readonly random: Random;
  readonly socket?: SocketOptions;
}

export interface MailboxOptions {
  /** Messages that may wait for their acknowledgement. */
  readonly outboxMax: number;
  /** Where reading begins in a group that was not known before: behind `lastSeq`, unless somebody knows better. */
  startAfter?(group: GroupId, lastSeq: Seq): Seq;
}

/** A part of a group's history that is being read beside its feed. */
interface Reading {
  readonly after: Seq;
  readonly through: Seq;
  readonly messages: Map<Seq, DeliveredMessage>;
}

interface WantedRange {
  readonly feed: GroupFeed;
  readonly after: Seq;
  readonly through: Seq;
}

/** Pages of history that are asked for at once. */
const rangesAtOnce = 4;

const defaultRetryMs = 1000;

/**
 * A user's post: sends sealed messages until each is acknowledged, whatever happens to connections and servers, and brings
 * those of the user's groups once, in order, without gaps. It does not know what is in them.
 */
export class Mailbox {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #events: MailboxEvents;
  readonly #options: MailboxOptions;
  readonly #groups = new Map<GroupId, MailboxGroup>();
  /** Groups that the user is known to have left. */
  readonly #left = new Set<GroupId>();
  readonly #outbox: Outbox;
  readonly #ids: MessageIds;
  /** One for each group at most. */
  #readings: Map<GroupId, Reading> | undefined;
  /** Each feed has one at most. */
  #wantedRanges = new BoundedQueue<WantedRange>(limits.userGroupsMax);
  #rangesUnderWay = 0;
  #closed = false;

  constructor(parts: MailboxParts, options: MailboxOptions, events: MailboxEvents) {
    this.#clock = parts.clock;
    this.#options = options;
    this.#events = events;
    this.#ids = new MessageIds(parts.clock, parts.random);
    this.#connection = new Connection(parts, {
      stateChanged: (state, why) => {
        if (state !== "online") this.#outbox.offline();
        if (state === "offline") this.#interrupted();
        events.connection(state, why);
      },
      ready: (welcome) => void this.#ready(welcome),
      delivered: (frame) => this.#delivered(frame),
      acknowledged: (acknowledgement) => this.#outbox.acknowledged(acknowledgement),
      noticed: (notice) => this.#noticed(notice),
    });
    this.#outbox = new Outbox({
      clock: parts.clock,
      isOnline: () => this.#connection.state === "online",
      tell: (frame) => this.#connection.tell(frame),
      epochOf: (group) => this.#groups.get(group)?.epoch,
      sawEpoch: (group, epoch) => this.#sawEpoch(group, epoch),
      hasLeft: (group) => this.#left.has(group),
    });
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get groups(): ReadonlyMap<GroupId, MailboxGroup> {
    return this.#groups;
  }

  /** Messages without an outcome. */
  get unsettled(): number {
    return this.#outbox.size;
  }

  /** Whether another message may be taken in. */
  get hasRoom(): boolean {
    return this.#outbox.size < this.#options.outboxMax;
  }

  /** A name for a message that this user has not given before. */
  nextId(): ClientMessageId {
    return this.#ids.next();
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return this.#clock.now();
  }

  logIn(authenticate: Authenticate): Promise<Result<Welcome, RequestRefusal>> {
    return this.#connection.logIn(authenticate);
  }

  /** Goes online with the token of an earlier login. */
  resume(token: Uint8Array): void {
    this.#connection.useToken(token);
    this.#connection.start();
  }

  /** Goes offline, with everything kept, until {@link goOnline}. */
  goOffline(): void {
    this.#connection.close();
  }

  goOnline(): void {
    this.#connection.start();
  }

  /** Breaks the connection without a word, as a failing network would. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  close(): void {
    this.#closed = true;
    this.#connection.close();
    this.#outbox.close();
    for (const { feed } of this.#groups.values()) feed.close();
  }

  request<Kind extends RequestKind>(frame: RequestOf<Kind>): Promise<Result<ReplyTo<Kind>, RequestRefusal>> {
    return this.#connection.request(frame);
  }

  /**
   * Asks until there is an answer of substance: waits while the connection is away or the server busy. Refused for what
   * the server says no to, or when the mailbox is closed.
   */
  async requestPatiently<Kind extends RequestKind>(
    frame: RequestOf<Kind>,
  ): Promise<Result<ReplyTo<Kind>, RequestRefusal>> {
    for (;;) {
      const reply = await this.request(frame);
      if (reply.ok || this.#closed || !isTemporary(reply.reason.code)) return reply;
      await sleep(this.#clock, pauseMs(reply.reason.retryAfterMs, defaultRetryMs / 4));
    }
  }

  /**
   * Reads what a group has behind `after` and up to `through`, in order, beside its feed: for what came before the place at
   * which that began. Once at a time for a group.
   */
  async history(
    group: GroupId,
    { after, through }: { readonly after: Seq; readonly through: Seq },
  ): Promise<Result<(readonly [Seq, DeliveredMessage])[], RequestRefusal>> {
    const messages = new Map<Seq, DeliveredMessage>();
    this.#readings ??= new Map();
    this.#readings.set(group, { after, through, messages });
    try {
      let read = after;
      while (read < through) {
        const page = await this.request({ kind: "sync", group, after: read, through });
        if (!page.ok) return page;
        if (page.value.through <= read) return refused({ code: "busy", detail: "the server does not go on" });
        read = page.value.through;
      }
      return accepted([...messages].sort(([a], [b]) => a - b));
    } finally {
      this.#readings.delete(group);
    }
  }

  /** Milliseconds that a word to the server and back takes now. */
  async roundTrip(): Promise<Result<number, RequestRefusal>> {
    const from = this.#clock.monotonic();
    const pong = await this.request({ kind: "ping" });
    return pong.ok ? accepted(this.#clock.monotonic() - from) : pong;
  }

  tell(frame: Uint8Array): void {
    this.#connection.tell(frame);
  }

  /**
   * Takes a message in, to be sent until its outcome is known; `settled` is told. Refused when too many wait.
   *
   * An id of the caller's own must be unique among the user's messages.
   */
  send(
    message: Pick<OutgoingMessage, "group" | "seal"> & Partial<OutgoingMessage>,
    settled: (outcome: SendOutcome) => void,
  ): Result<ClientMessageId> {
    if (!this.hasRoom) {
      return refused(`${this.#outbox.size} messages wait already for their acknowledgement`);
    }
    const { id = this.#ids.next(), type = messageTypes.application, group, seal, sentBefore = false } = message;
    this.#outbox.add({ id, type, group, seal, sentBefore }, settled);
    return accepted(id);
  }

  async #ready(welcome: Welcome): Promise<void> {
    const known = [...this.#groups.keys()];
    const reply = await this.request({ kind: "groups" });
    if (!reply.ok) {
      if (reply.reason.code !== "offline")
        this.#clock.after(pauseMs(reply.reason.retryAfterMs, defaultRetryMs), () => this.#again(welcome));
      return;
    }
    const listed = new Set<GroupId>();
    for (const group of reply.value.groups) {
      listed.add(group.group);
      this.#follow(group);
      this.#events.read?.(group.group, group.readSeq);
    }
    // Into others the user has been let since they were asked for; the list may be older than that.
    for (const id of known) if (!listed.has(id)) this.#forget(id);
    this.#events.ready?.(welcome);
    this.#outbox.online();
  }

  #again(welcome: Welcome): void {
    if (!this.#closed && this.#connection.state === "online") void this.#ready(welcome);
  }

  /** The user is a member of this group from here on. */
  enter(group: { group: GroupId; epoch: Epoch; lastSeq: Seq; logLength: number }): void {
    this.#follow(group);
  }

  #follow({
    group: id,
    epoch,
    lastSeq,
    logLength,
  }: {
    group: GroupId;
    epoch: Epoch;
    lastSeq: Seq;
    logLength: number;
  }): void {
    this.#left.delete(id);
    const known = this.#groups.get(id);
    if (known) {
      if (epoch > known.epoch) known.epoch = epoch;
      known.logLength = Math.max(known.logLength, logLength);
      return known.feed.learn(lastSeq);
    }
    const after = this.#options.startAfter?.(id, lastSeq) ?? lastSeq;
    const feed = new GroupFeed(id, after, {
      sink: this.#events,
      clock: this.#clock,
      request: (wanting, from, through) => this.#wantRange(wanting, from, through),
    });
    const group = { id, epoch, logLength, feed };
    this.#groups.set(id, group);
    this.#events.joined?.(group);
    feed.learn(lastSeq);
    this.#outbox.entered(id);
  }

  #sawEpoch(id: GroupId, epoch: Epoch): void {
    const group = this.#groups.get(id);
    if (group && epoch > group.epoch) group.epoch = epoch;
  }

  #forget(id: GroupId): void {
    const group = this.#groups.get(id);
    if (!group) return;
    group.feed.close();
    this.#groups.delete(id);
    this.#left.add(id);
    this.#events.left?.(id);
    this.#outbox.left(id);
  }

  #delivered(frame: Uint8Array): void {
    const fault = cursor.open(frame);
    if (fault) return this.#connection.interrupt();
    const { group: id } = cursor;
    const group = this.#groups.get(id);
    const reading = this.#readings?.get(id);
    if (reading) take(reading, frame);
    if (group) group.feed.received(cursor, frame);
    else if (this.#left.has(id)) this.#events.strayed?.(id);
  }

  #noticed(notice: Notice): void {
    switch (notice.kind) {
      case "reject":
        return this.#outbox.rejected(notice);
      case "joined":
        this.#follow(notice);
        break;
      case "left":
        this.#forget(notice.group);
        break;
      default:
        break;
    }
    this.#events.noticed?.(notice);
  }

  #interrupted(): void {
    this.#wantedRanges = new BoundedQueue(limits.userGroupsMax);
    for (const { feed } of this.#groups.values()) feed.interrupted();
  }

  #wantRange(feed: GroupFeed, after: Seq, through: Seq): void {
    if (this.#wantedRanges.push({ feed, after, through })) return this.#nextRange();
    feed.answered(undefined);
    this.#askAgainLater(feed, defaultRetryMs);
  }

  #nextRange(): void {
    while (this.#rangesUnderWay < rangesAtOnce) {
      const range = this.#wantedRanges.shift();
      if (!range) return;
      this.#rangesUnderWay++;
      void this.#fetchRange(range).finally(() => {
        this.#rangesUnderWay--;
        this.#nextRange();
      });
    }
  }

  async #fetchRange({ feed, after, through }: WantedRange): Promise<void> {
    const reply = await this.request({ kind: "sync", group: feed.group, after, through });
    if (reply.ok) return feed.answered(reply.value.through);
    feed.answered(undefined);
    // Offline: the next list of groups makes the feed ask again.
    if (reply.reason.code === "offline" || reply.reason.code === "not_a_member") return;
    this.#askAgainLater(feed, pauseMs(reply.reason.retryAfterMs, defaultRetryMs));
  }

  #askAgainLater(feed: GroupFeed, delayMs: number): void {
    this.#clock.after(delayMs, () => {
      if (!this.#closed) feed.learn(0 as Seq);
    });
  }

  /** The mailbox's own read cursor of a group, told to its other members. */
  read(group: GroupId, seq: Seq): void {
    this.tell(encodeClientFrame({ kind: "read", group, seq }));
  }
}

/** One for all mailboxes of a thread: frames are dealt with one at a time. */
const cursor = new DeliverCursor();
const readingCursor = new DeliverCursor();

/** Of a frame that was checked, what is being read. */
function take({ after, through, messages }: Reading, frame: Uint8Array): void {
  readingCursor.open(frame);
  while (readingCursor.next()) {
    const { seq } = readingCursor;
    if (seq <= after || seq > through || messages.has(seq)) continue;
    const message = readingCursor.message();
    messages.set(seq, { ...message, payload: copyBytes(message.payload) });
  }
}
