import type { Clock } from "../../platform/clock.ts";
import { messageOf } from "../../platform/failure.ts";
import type { Random } from "../../platform/random.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import type { Acknowledgement } from "../../wire/ack-frame.ts";
import { readUint64 } from "../../wire/bytes.ts";
import {
  type ClientMessageId,
  clientMessageId as clientMessageIdOf,
  type Epoch,
  type GroupId,
} from "../../wire/ids.ts";
import { encodeSend, type MessageType, messageTypes, setSendFlags } from "../../wire/send-frame.ts";
import type { NoticeFrame } from "../../wire/server-frame.ts";
import type { ConnectionState } from "./connection.ts";
import type { GroupList } from "./group-list.ts";
import { Lane, type QueuedMessage } from "./lane.ts";
import { MessageIds } from "./message-ids.ts";
import type { OutgoingMessage, SealedFor, SealRefusal, SendOutcome } from "./outgoing-message.ts";
import { SendPace } from "./send-pace.ts";
import { pauseMs } from "./server-link.ts";

/** How long a message waits for its group to be listed; after that the user is taken not to be in it. */
const unknownGroupMsMax = 10_000;
const checkPeriodMs = 2500;
/** The pause before another attempt where a message could not be sealed, or the server named no pause. */
const retryMs = 1000;
/** Messages of a group that are sealed ahead of their turn at most: after a change of epoch they have to be sealed again. */
const sealedAheadMax = 64;

const noMember: SendOutcome = { ok: false, code: "not_a_member", detail: "not a group of yours" };

export interface OutboxParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Which groups the user is in, and their epochs. */
  readonly groups: Pick<GroupList, "epochOf" | "sawEpoch" | "hasLeft">;
  readonly connection: { readonly state: ConnectionState; post(frame: Uint8Array): void };
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
  ): Result<ClientMessageId> {
    if (!this.hasRoom) return refused(`${this.size} messages wait already for their acknowledgement`);
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
    this.#settle(message, { ok: true, seq, sentAt });
    this.#advance(message.lane);
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
        return this.#putBack(message, isSameAgain ? retryMs : 0);
      }
      case "rate_limited":
        // The refusal of a message behind a refused one says nothing about the pace: it only has to wait for that one.
        if (!message.lane.isBehindRefused(message)) this.#pace.refused(rejection);
        return this.#putBack(message, 0);
      case "busy":
        return this.#putBack(
          message,
          message.lane.isBehindRefused(message) ? 0 : pauseMs(rejection.retryAfterMs, retryMs),
        );
      default:
        message.lane.refusedForGood(message);
        this.#settle(message, { ok: false, code, detail: `the server refused the message: ${code}` });
        return this.#advance(message.lane);
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
      if (!this.#pace.take()) return;
      this.#transmit(next, next.frame);
    }
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
        ? this.#pause(message.lane, retryMs)
        : this.#settle(message, { ok: false, code, detail });
    }
    const { id: clientMessageId, group, type } = message;
    const { epoch, payload } = sealed.value;
    message.sealedEpoch = epoch;
    message.frame = encodeSend({ resend: false, skipsRefused: false, type, epoch, group, clientMessageId, payload });
  }

  #putBack(message: QueuedMessage, delayMs: number): void {
    const { lane } = message;
    lane.putBack(message);
    if (delayMs > 0) this.#pause(lane, delayMs);
    else this.#advance(lane);
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
    this.#messages.delete(message.id);
    message.lane.settled(message, outcome);
    message.settled(outcome);
  }

  #checkLater(): void {
    if (this.#isCheckDue) return;
    this.#isCheckDue = true;
    this.#parts.clock.after(checkPeriodMs, () => this.#check());
  }

  /** Gives up messages to groups that the server has not listed in time. */
  #check(): void {
    this.#isCheckDue = false;
    if (this.#messages.size === 0) return;
    if (this.#isListed) {
      const { clock, groups } = this.#parts;
      const overdue = clock.monotonic() - unknownGroupMsMax;
      for (const message of [...this.#messages.values()]) {
        if (groups.epochOf(message.group) === undefined && message.takenAtMs < overdue) this.#settle(message, noMember);
      }
    }
    this.#checkLater();
  }
}
