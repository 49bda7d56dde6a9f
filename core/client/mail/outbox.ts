import type { Clock } from "../../platform/clock.ts";
import { messageOf } from "../../platform/failure.ts";
import type { Random } from "../../platform/random.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import type { Acknowledgement } from "../../wire/ack-frame.ts";
import { readUint64 } from "../../wire/bytes.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import {
  type ClientMessageId,
  clientMessageId as clientMessageIdOf,
  type Epoch,
  type GroupId,
} from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { encodeSend, type MessageType, messageTypes, setSendFlags } from "../../wire/send-frame.ts";
import type { NoticeFrame } from "../../wire/server-frame.ts";
import type { Connection } from "./connection.ts";
import type { GroupList } from "./group-list.ts";
import { Lane, type QueuedMessage } from "./lane.ts";
import { MessageIds } from "./message-ids.ts";
import type { OutgoingMessage, SealedFor, SealRefusal, SendOutcome, SendRefusal } from "./outgoing-message.ts";
import { SendPace } from "./send-pace.ts";

/** How long a message waits for its group to be listed; after that the user is taken not to be in it. */
const unknownGroupMsMax = 10_000;
const checkPeriodMs = 2500;
/** The pause before another attempt where a message could not be sealed, or the server named no pause. */
const retryMs = 1000;
/** Messages of a group that are sealed ahead of their turn at most: after a change of epoch they have to be sealed again. */
const sealedAheadMax = 64;

export const tooMany = (waiting: number): SendRefusal => ({
  code: "busy",
  detail: `${waiting} messages wait already for their acknowledgement`,
});

const noMember: SendOutcome = { ok: false, code: "not_a_member", detail: "not a group of yours" };

export interface OutboxParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Which groups the user is in, and their epochs. */
  readonly groups: Pick<GroupList, "epochOf" | "sawEpoch" | "hasLeft">;
  readonly connection: Pick<Connection, "state" | "post" | "outcomeMsMax" | "leave">;
}

/**
 * Messages on their way out. Each is sent until its outcome is known, over any number of connections; those of a group get
 * their seqs in the order in which they were written.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #messages = new Map<ClientMessageId, QueuedMessage>();
  readonly #lanes = new Map<GroupId, Map<MessageType, Lane>>();
  readonly #pace: SendPace;
  readonly #ids: MessageIds;
  readonly #sizeMax: number;
  /**
   * Messages that were under way when the server ended the connection for a frame of it. Each goes out alone from then on, so that the
   * next end shows which of them it was.
   */
  readonly #suspects = new Set<QueuedMessage>();
  #orders = 0;
  /** Whether all groups that the user is in are known on this connection. */
  #isListed = false;
  #isCheckDue = false;

  /** `sizeMax` bounds the messages without an outcome. */
  constructor(parts: OutboxParts, sizeMax: number) {
    this.#parts = parts;
    this.#sizeMax = sizeMax;
    this.#ids = new MessageIds(parts.clock, parts.random);
    this.#pace = new SendPace(parts.clock, () => this.#advanceAll());
  }

  /** Messages without an outcome. */
  get size(): number {
    return this.#messages.size;
  }

  /** Whether another message may be taken in. */
  get hasRoom(): boolean {
    return this.size < this.#sizeMax;
  }

  /** A client message id that this user has not used before. */
  nextId(): ClientMessageId {
    return this.#ids.next();
  }

  /**
   * Takes a message in and sends it until its outcome is known; calls `settled` with that, once. Refused when too many wait.
   *
   * An id of the caller's own must be unique among the user's messages.
   */
  send(
    of: Pick<OutgoingMessage, "group" | "seal"> & Partial<OutgoingMessage>,
    settled: (outcome: SendOutcome) => void,
  ): Result<ClientMessageId, SendRefusal> {
    if (!this.hasRoom) return refused(tooMany(this.size));
    const { id = this.nextId(), type = messageTypes.application, group, seal, sentBefore = false } = of;
    const message: QueuedMessage = {
      id,
      type,
      group,
      seal,
      sentBefore,
      order: this.#orders++,
      lane: this.#laneOf(group, type),
      takenAtMs: this.#parts.clock.monotonic(),
      settled,
      frame: undefined,
      sealedEpoch: undefined,
      refusedEpoch: undefined,
      isSealing: false,
      wasSent: false,
      sentAtMs: 0,
      sentAfterRefusals: 0,
      keepsTurn: false,
    };
    this.#messages.set(message.id, message);
    message.lane.add(message);
    this.#checkLater();
    // While the list is on its way, nobody knows whether the user has been admitted again.
    if (this.#isListed && this.#parts.groups.hasLeft(group)) this.#settle(message, noMember);
    else this.#advance(message.lane);
    return accepted(id);
  }

  acknowledged({ clientMessageId, seq, sentAt }: Acknowledgement): void {
    const message = this.#messages.get(clientMessageId);
    if (!message) return;
    this.#pace.granted();
    message.lane.refusals.granted();
    this.#goOnAfter(message, () => this.#settle(message, { ok: true, seq, sentAt }));
  }

  rejected(rejection: NoticeFrame<"reject">): void {
    const { clientMessageId, group, code, epoch } = rejection;
    const message = this.#messages.get(clientMessageIdOf(readUint64(clientMessageId, 0)));
    // A message that waits has been refused before.
    if (!message?.lane.isUnderWay(message)) return;
    switch (code) {
      case "stale_epoch":
      case "rekey_needed": {
        if (epoch !== undefined) this.#parts.groups.sawEpoch(group, epoch);
        message.frame = undefined;
        // Sealed again under the same epoch, it would be refused again.
        const isSameAgain = message.sealedEpoch === message.refusedEpoch;
        message.refusedEpoch = message.sealedEpoch;
        return this.#putBack(message, isSameAgain ? message.lane.refusals.pauseMs(undefined, retryMs) : 0);
      }
      case "rate_limited":
        // The refusal of a message behind a refused one says nothing about the pace: it only has to wait for that one.
        if (!message.lane.isBehindRefused(message)) this.#pace.refused(rejection);
        return this.#putBack(message, 0);
      case "busy":
        return this.#putBack(
          message,
          message.lane.isBehindRefused(message) ? 0 : message.lane.refusals.pauseMs(rejection.retryAfterMs, retryMs),
        );
      default:
        message.lane.refusedForGood(message);
        return this.#goOnAfter(message, () =>
          this.#settle(message, { ok: false, code, detail: `the server refused the message: ${code}` }),
        );
    }
  }

  /** There is a connection, and all groups that the user is in are known. */
  online(): void {
    this.#isListed = true;
    for (const message of [...this.#messages.values()]) {
      if (this.#parts.groups.epochOf(message.group) === undefined) this.#settle(message, noMember);
    }
    this.#advanceAll();
  }

  /** The connection is gone, and with it the turns that the server kept: all that was under way goes out again. */
  offline(): void {
    this.#pace.reset();
    this.#isListed = false;
    for (const lane of this.#allLanes()) lane.disconnected();
  }

  /**
   * The server ends the connection for a frame. A message that was under way alone has failed: sent again, it would end each connection
   * to come.
   */
  blamed(code: ErrorCode): void {
    const underWay = this.#underWay();
    const [first] = underWay;
    if (first && underWay.length === 1) {
      return this.#settle(first, {
        ok: false,
        code,
        detail: `the server ended the connection for the message: ${code}`,
      });
    }
    for (const message of underWay) this.#suspects.add(message);
  }

  /** Gives a message up, whether or not the server has it already; its outcome is not told. False when there is none without an outcome. */
  discard(id: ClientMessageId): boolean {
    const message = this.#messages.get(id);
    if (message) this.#goOnAfter(message, () => this.#forget(message, false));
    return message !== undefined;
  }

  /** The user is in this group from here on. */
  entered(group: GroupId): void {
    this.#lanes.get(group)?.forEach((lane) => this.#advance(lane));
  }

  /** The user is in this group no more. */
  left(group: GroupId): void {
    for (const message of [...this.#messages.values()]) if (message.group === group) this.#settle(message, noMember);
  }

  #laneOf(group: GroupId, type: MessageType): Lane {
    let lanes = this.#lanes.get(group);
    if (!lanes) {
      lanes = new Map();
      this.#lanes.set(group, lanes);
    }
    let lane = lanes.get(type);
    if (!lane) {
      lane = new Lane(group);
      lanes.set(type, lane);
    }
    return lane;
  }

  *#allLanes(): Iterable<Lane> {
    for (const lanes of this.#lanes.values()) yield* lanes.values();
  }

  /** Sends what may go out now, in the order in which it was written across all groups. */
  #advanceAll(): void {
    const firsts = [...this.#allLanes()].flatMap(({ first }) => first ?? []);
    firsts.sort((a, b) => a.order - b.order);
    for (const { lane } of firsts) this.#advance(lane);
  }

  /** Seals what comes next in a lane, and sends what may go out now. */
  #advance(lane: Lane): void {
    const { groups, connection } = this.#parts;
    const epoch = groups.epochOf(lane.group);
    // The notice that the user was admitted to an unknown group may be on its way.
    if (connection.state !== "online" || epoch === undefined || lane.isPaused) return;
    this.#sealAhead(lane, epoch);
    for (let next = lane.first; next?.frame && lane.mayGo(next); next = lane.first) {
      if (!this.#mayGoBesideOthers(next) || !this.#pace.take()) return;
      this.#transmit(next, next.frame);
    }
  }

  #underWay(): QueuedMessage[] {
    return [...this.#messages.values()].filter((message) => message.lane.isUnderWay(message));
  }

  #mayGoBesideOthers(message: QueuedMessage): boolean {
    if (this.#suspects.size === 0) return true;
    const underWay = this.#underWay();
    return (
      underWay.length === 0 || !(this.#suspects.has(message) || underWay.some((other) => this.#suspects.has(other)))
    );
  }

  #sealAhead(lane: Lane, epoch: Epoch): void {
    for (let ahead = 0; ahead < sealedAheadMax; ) {
      const message = lane.at(ahead);
      if (!message) return;
      // Under an epoch that is over, it would be refused, and with it each message behind it.
      if ((message.sealedEpoch ?? epoch) < epoch) message.frame = undefined;
      if (!message.frame && !message.isSealing) this.#seal(message, epoch);
      // One that cannot be sealed is in the lane no more, and the next one has its place.
      if (lane.at(ahead) === message) ahead++;
    }
  }

  #transmit(message: QueuedMessage, frame: Uint8Array): void {
    const resend = message.sentBefore || message.wasSent;
    message.sentAtMs = this.#parts.clock.monotonic();
    setSendFlags(frame, { resend, skipsRefused: message.lane.sent(message) });
    this.#parts.connection.post(frame);
  }

  #seal(message: QueuedMessage, epoch: Epoch): void {
    const sealed = message.seal({ group: message.group, epoch, clientMessageId: message.id });
    if (!(sealed instanceof Promise)) return this.#sealed(message, sealed);
    message.isSealing = true;
    void sealed
      .catch((cause: unknown) => refused<SealRefusal>({ code: "cannot_seal", detail: messageOf(cause) }))
      .then((outcome) => {
        message.isSealing = false;
        this.#sealed(message, outcome);
        this.#advance(message.lane);
      });
  }

  #sealed(message: QueuedMessage, sealed: Result<SealedFor, SealRefusal>): void {
    if (!this.#messages.has(message.id)) return;
    if (!sealed.ok) {
      const { code, detail } = sealed.reason;
      return code === "not_now"
        ? this.#pause(message.lane, message.lane.refusals.pauseMs(undefined, retryMs))
        : this.#settle(message, { ok: false, code, detail });
    }
    const { id: clientMessageId, group, type } = message;
    const { epoch, payload } = sealed.value;
    if (payload.length > limits.payloadBytesMax) {
      const detail = `sealed, the message has ${payload.length} bytes, and ${limits.payloadBytesMax} at most are taken in`;
      return this.#settle(message, { ok: false, code: "payload_too_large", detail });
    }
    message.sealedEpoch = epoch;
    message.frame = encodeSend({ resend: false, skipsRefused: false, type, epoch, group, clientMessageId, payload });
  }

  #putBack(message: QueuedMessage, delayMs: number): void {
    const { lane } = message;
    lane.putBack(message);
    if (delayMs > 0) this.#pause(lane, delayMs);
    else this.#advance(lane);
    if (this.#suspects.size > 0) this.#advanceAll();
  }

  #pause(lane: Lane, delayMs: number): void {
    const { clock } = this.#parts;
    const untilMs = clock.monotonic() + delayMs;
    lane.pauseUntil(untilMs);
    clock.after(delayMs, () => {
      lane.pauseOver(untilMs);
      this.#advance(lane);
    });
  }

  #settle(message: QueuedMessage, outcome: SendOutcome): void {
    this.#forget(message, outcome.ok);
    message.settled(outcome);
  }

  #forget(message: QueuedMessage, isStored: boolean): void {
    this.#suspects.delete(message);
    this.#messages.delete(message.id);
    message.lane.ended(message, isStored);
  }

  /** What waited for a message goes out after its end: those behind it, or, where it had to go alone, all others. */
  #goOnAfter({ lane }: QueuedMessage, end: () => void): void {
    const wasCareful = this.#suspects.size > 0;
    end();
    if (wasCareful) this.#advanceAll();
    else this.#advance(lane);
  }

  #checkLater(): void {
    if (this.#isCheckDue) return;
    this.#isCheckDue = true;
    this.#parts.clock.after(checkPeriodMs, () => this.#check());
  }

  /** Gives up messages to groups that the server has not listed in time, and a server that says nothing of a message. */
  #check(): void {
    this.#isCheckDue = false;
    if (this.#messages.size === 0) return;
    const { clock, groups, connection } = this.#parts;
    const { outcomeMsMax } = connection;
    const silentSince = clock.monotonic() - outcomeMsMax;
    if ([...this.#allLanes()].some((lane) => lane.wasSentBefore(silentSince))) {
      connection.leave("acknowledged a message", outcomeMsMax);
    }
    if (this.#isListed) {
      const overdue = clock.monotonic() - unknownGroupMsMax;
      for (const message of [...this.#messages.values()]) {
        if (groups.epochOf(message.group) === undefined && message.takenAtMs < overdue) this.#settle(message, noMember);
      }
    }
    this.#checkLater();
  }
}
