import { ClosableClock } from "../../platform/closable-clock.ts";
import { accepted, type Result } from "../../platform/result.ts";
import { encodeClientFrame, type ReplyTo, type RequestKind, type RequestOf } from "../../wire/client-frame.ts";
import { DeliverCursor, type DeliveredMessage } from "../../wire/deliver-frame.ts";
import type { ClientMessageId, GroupId, Seq } from "../../wire/ids.ts";
import type { NoticeFrame } from "../../wire/server-frame.ts";
import {
  type Authenticate,
  Connection,
  type ConnectionParts,
  type ConnectionState,
  type Welcome,
} from "./connection.ts";
import { type FeedSink, GroupFeed } from "./group-feed.ts";
import { GroupList, type ListedGroup, type MailboxGroup } from "./group-list.ts";
import { HistoryReader } from "./history-reader.ts";
import { Outbox } from "./outbox.ts";
import type { OutgoingMessage, SendOutcome, SendRefusal } from "./outgoing-message.ts";
import { RangeReader } from "./range-reader.ts";
import { Refusals, retryMsDefault } from "./refusals.ts";
import { isTemporary, type RequestRefusal } from "./server-link.ts";

/** A notice about a group that the user watches: who is online, how far members have read, who is writing. */
export type ActivityNotice = NoticeFrame<"presence" | "cursors" | "typing">;

export interface MailboxEvents extends FeedSink {
  connection(state: ConnectionState, why: string): void;
  /** The user's groups are known, and what they missed is being fetched. */
  ready?(welcome: Welcome): void;
  /** A group is new in the client's list; none of its messages has come yet. */
  joined?(group: MailboxGroup): void;
  left?(group: GroupId): void;
  /** The seq up to which the user has read a group at any of their machines, as far as the servers know. */
  read?(group: GroupId, seq: Seq): void;
  /** The server has admitted the user to a group, over this connection. */
  admitted?(group: GroupId): void;
  activity?(notice: ActivityNotice): void;
  /** The server sent messages of a group that the user has left; they are not passed on. */
  strayed?(group: GroupId): void;
}

export interface MailboxOptions {
  /** Messages that may wait for their acknowledgement. */
  readonly outboxMax: number;
  /** The seq behind which reading begins in a group that is new to the client: `lastSeq` without this. */
  startAfter?(group: GroupId, lastSeq: Seq): Seq;
}

/**
 * Sends a user's sealed messages until each has its outcome, whatever happens to connections and servers, and passes on those
 * of the user's groups once, in order, without gaps. It does not know what is in them.
 */
export class Mailbox {
  readonly #connection: Connection;
  readonly #clock: ClosableClock;
  readonly #events: MailboxEvents;
  readonly #list: GroupList;
  readonly #outbox: Outbox;
  readonly #ranges: RangeReader;
  readonly #history: HistoryReader;
  /** Of the connection that there is. */
  #welcome: Welcome | undefined;
  /**
   * Groups from before the list of groups was requested: those that it lacks were left. A group that admits the user meanwhile is not
   * among them, since the list may be older than that.
   */
  #awaitingList = new Set<GroupId>();
  readonly #listRefusals = new Refusals();

  constructor(parts: ConnectionParts, { outboxMax, startAfter }: MailboxOptions, events: MailboxEvents) {
    const { random } = parts;
    const clock = new ClosableClock(parts.clock);
    this.#clock = clock;
    this.#events = events;
    this.#connection = new Connection(parts, {
      stateChanged: (state, why) => {
        // Whatever it becomes, it is not the connection that there was.
        this.#welcome = undefined;
        this.#outbox.offline();
        events.connection(state, why);
      },
      ready: (welcome) => void this.#ready(welcome),
      delivered: (frame) => this.#delivered(frame),
      acknowledged: (acknowledgement) => this.#outbox.acknowledged(acknowledgement),
      noticed: (notice) => this.#noticed(notice),
      blamed: (code) => this.#outbox.blamed(code),
    });
    this.#ranges = new RangeReader(clock, this.#connection);
    this.#history = new HistoryReader(this.#connection);
    const request = (feed: GroupFeed, after: Seq, through: Seq) => this.#ranges.want(feed, after, through);
    this.#list = new GroupList({
      feedOf: (group, lastSeq) =>
        new GroupFeed(group, startAfter?.(group, lastSeq) ?? lastSeq, { sink: events, clock, request }),
      joined: (group) => events.joined?.(group),
      entered: (group) => this.#outbox.entered(group),
      left: (group) => {
        events.left?.(group);
        this.#outbox.left(group);
      },
    });
    this.#outbox = new Outbox({ clock, random, groups: this.#list, connection: this.#connection }, outboxMax);
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** The name of the server that the mailbox is connected to, for people and logs. */
  get server(): string | undefined {
    return this.#welcome?.server;
  }

  get groups(): ReadonlyMap<GroupId, MailboxGroup> {
    return this.#list.groups;
  }

  /** Messages without an outcome. */
  get unsettled(): number {
    return this.#outbox.size;
  }

  /** Whether another message may be taken in. */
  get hasRoom(): boolean {
    return this.#outbox.hasRoom;
  }

  /** A client message id that this user has not used before. */
  nextId(): ClientMessageId {
    return this.#outbox.nextId();
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

  /** Breaks the connection without a close frame, as a failing network would. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  close(): void {
    this.#connection.close();
    this.#clock.close();
  }

  request<Kind extends RequestKind>(frame: RequestOf<Kind>): Promise<Result<ReplyTo<Kind>, RequestRefusal>> {
    return this.#connection.request(frame);
  }

  /**
   * Asks again as long as there is no connection or the refusal is temporary. Refused when the server refuses the request for
   * good, or the mailbox is closed.
   */
  async requestPatiently<Kind extends RequestKind>(
    frame: RequestOf<Kind>,
  ): Promise<Result<ReplyTo<Kind>, RequestRefusal>> {
    const refusals = new Refusals();
    for (;;) {
      const reply = await this.request(frame);
      if (reply.ok || this.#clock.isClosed || !isTemporary(reply.reason.code)) return reply;
      await this.#clock.sleep(refusals.pauseMs(reply.reason.retryAfterMs, retryMsDefault / 4));
    }
  }

  /**
   * Reads a group's messages behind `after` and up to `through`, in order, beside its feed: for those from before the seq at
   * which the feed began. One call at a time for a group.
   */
  history(
    group: GroupId,
    range: { readonly after: Seq; readonly through: Seq },
  ): Promise<Result<(readonly [Seq, DeliveredMessage])[], RequestRefusal>> {
    return this.#history.read(group, range);
  }

  /** Milliseconds that a ping to the server and its reply take now. */
  async roundTrip(): Promise<Result<number, RequestRefusal>> {
    const from = this.#clock.monotonic();
    const pong = await this.request({ kind: "ping" });
    return pong.ok ? accepted(this.#clock.monotonic() - from) : pong;
  }

  /** Sends a frame that has no reply, if there is a connection. */
  post(frame: Uint8Array): void {
    this.#connection.post(frame);
  }

  /**
   * Takes a message in and sends it until its outcome is known; calls `settled` with that, once. Refused when too many wait.
   *
   * An id of the caller's own must be unique among the user's messages.
   */
  send(
    message: Pick<OutgoingMessage, "group" | "seal"> & Partial<OutgoingMessage>,
    settled: (outcome: SendOutcome) => void,
  ): Result<ClientMessageId, SendRefusal> {
    return this.#outbox.send(message, settled);
  }

  /** Gives a message up, whether or not the server has it already; its outcome is not told. False when there is none without an outcome. */
  discard(id: ClientMessageId): boolean {
    return this.#outbox.discard(id);
  }

  /** The user is a member of this group from here on. */
  enter(group: ListedGroup): void {
    this.#list.enter(group);
  }

  /** Sends a read receipt: how far the user has read a group, for its other members and the user's other machines. */
  read(group: GroupId, seq: Seq): void {
    this.post(encodeClientFrame({ kind: "read", group, seq }));
  }

  async #ready(welcome: Welcome): Promise<void> {
    this.#welcome = welcome;
    const known = new Set(this.groups.keys());
    this.#awaitingList = known;
    const reply = await this.request({ kind: "groups" });
    if (!reply.ok) {
      const pause = this.#listRefusals.pauseMs(reply.reason.retryAfterMs, retryMsDefault);
      this.#clock.after(pause, () => this.#again(welcome));
      return;
    }
    this.#listRefusals.granted();
    const listed = new Set<GroupId>();
    for (const group of reply.value.groups) {
      listed.add(group.group);
      this.#list.enter(group);
      this.#events.read?.(group.group, group.readSeq);
    }
    for (const id of known) if (!listed.has(id)) this.#list.leave(id);
    this.#events.ready?.(welcome);
    this.#outbox.online();
  }

  #again(welcome: Welcome): void {
    if (this.#welcome === welcome) void this.#ready(welcome);
  }

  #delivered(frame: Uint8Array): void {
    const fault = cursor.begin(frame);
    if (fault) return this.#connection.interrupt();
    const { group: id } = cursor;
    const group = this.groups.get(id);
    this.#history.delivered(id, frame);
    if (group) group.feed.received(cursor, frame);
    else if (this.#list.hasLeft(id)) this.#events.strayed?.(id);
  }

  #noticed(notice: NoticeFrame): void {
    switch (notice.kind) {
      case "reject":
        return this.#outbox.rejected(notice);
      case "joined":
        this.#awaitingList.delete(notice.group);
        this.#list.enter(notice);
        return this.#events.admitted?.(notice.group);
      case "left":
        return this.#list.leave(notice.group);
      case "goAway":
        // The connection has closed the link by itself.
        return;
      default:
        return this.#events.activity?.(notice);
    }
  }
}

/** One for all mailboxes of a thread, which handles one frame at a time. */
const cursor = new DeliverCursor();
