import type { Cancel, Clock } from "../../platform/clock.ts";
import { messageOf } from "../../platform/failure.ts";
import { type Result, refused } from "../../platform/result.ts";
import type { Acknowledgement } from "../../wire/ack-frame.ts";
import { readUint64 } from "../../wire/bytes.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import type { ClientMessageId, Epoch, GroupId, Seq } from "../../wire/ids.ts";
import { encodeSend, type MessageType, setSendFlags } from "../../wire/send-frame.ts";
import { SendPace } from "./send-pace.ts";
import { type Notice, pauseMs } from "./server-link.ts";

/** What a message is sealed for. */
export interface SealTarget {
  readonly group: GroupId;
  /** The group's epoch as the server last named it. */
  readonly epoch: Epoch;
  readonly clientMessageId: ClientMessageId;
}

export interface SealedFor {
  readonly epoch: Epoch;
  readonly payload: Uint8Array;
}

/** Why a message was not sealed. */
export interface SealRefusal {
  /** `not_now`: what is needed for it could not be had; it is tried again. The others are final. */
  readonly code: "not_now" | "cannot_seal" | "identity_changed";
  readonly detail: string;
}

/**
 * Seals a message for a place; asked again when the epoch has changed meanwhile. May be answered at once, or take a key
 * exchange.
 */
export type Seal = (place: SealTarget) => Result<SealedFor, SealRefusal> | Promise<Result<SealedFor, SealRefusal>>;

export interface OutgoingMessage {
  readonly id: ClientMessageId;
  readonly group: GroupId;
  readonly type: MessageType;
  readonly seal: Seal;
  /** It may have been sent before, by an earlier run: the server is to look for it first. */
  readonly sentBefore: boolean;
}

/** What became of it. */
export type SendOutcome =
  | { readonly ok: true; readonly seq: Seq; readonly sentAt: number }
  | {
      readonly ok: false;
      readonly code: ErrorCode | Exclude<SealRefusal["code"], "not_now">;
      readonly detail: string;
    };

/** A message to a group of which no server has told for this long has failed: the user is not in it. */
const unknownGroupMsMax = 10_000;
const checkPeriodMs = 2500;
/** Before what could not be sealed, or was refused without a word on when to come again, is tried once more. */
const retryMs = 1000;
/** Messages of a group that are sealed before it is their turn: what is sealed too early may have to be sealed again. */
const sealedAheadMax = 64;

const noMember: SendOutcome = { ok: false, code: "not_a_member", detail: "not a group of yours" };

/** A message between the moment somebody wrote it and the server's last word on it. */
interface Entry extends OutgoingMessage {
  /** Grows with each message. */
  readonly order: number;
  readonly lane: Lane;
  /** When it was written, on the monotonic clock. */
  readonly takenAtMs: number;
  readonly settled: (outcome: SendOutcome) => void;
  /** The encoded SEND, once sealed, and the epoch under which it is. */
  frame: Uint8Array | undefined;
  sealedEpoch: Epoch | undefined;
  /** Under which it was last refused as too old. */
  refusedEpoch: Epoch | undefined;
  isSealing: boolean;
  /** Whether it went out before, on any connection. */
  wasSent: boolean;
  /** How many refusals of its lane were known when it last went out. */
  sentAfterRefusals: number;
  /** Refused on this connection, and not taken in since: the server keeps its turn. */
  keepsTurn: boolean;
}

/**
 * The messages of one group and type, in the order in which they were written. One goes out when those before it have gone
 * out, and have not been refused: the first that is refused stops all behind it.
 */
interface Lane {
  readonly group: GroupId;
  /** Written and not under way, in order. */
  readonly waiting: Entry[];
  /** Sent on this connection, in the order of sending, and not answered yet. */
  readonly underWay: Set<Entry>;
  /** Refusals so far: what was sent before the last of them and behind what was refused will be refused, too. */
  refusals: number;
  /** The orders of messages that were given up although the server keeps their turns: the next one behind them says so. */
  givenUp: number[];
  /** Nothing is tried before this moment of the monotonic clock. */
  pausedUntilMs: number;
}

/** What the outbox needs of the mailbox that it is part of. */
export interface OutboxParts {
  readonly clock: Clock;
  /** Whether frames can go out. */
  isOnline(): boolean;
  tell(frame: Uint8Array): void;
  /** The epoch of a group that the user is in, as the server last named it; undefined while the group is not known. */
  epochOf(group: GroupId): Epoch | undefined;
  /** The server has named a group's epoch. */
  sawEpoch(group: GroupId, epoch: Epoch): void;
  hasLeft(group: GroupId): boolean;
}

/**
 * Messages on their way out: each is sent until the server has had the last word on it, over any number of connections, and
 * those of a group come to stand in the order in which they were written.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #entries = new Map<ClientMessageId, Entry>();
  readonly #lanes = new Map<GroupId, Map<MessageType, Lane>>();
  readonly #pace: SendPace;
  #orders = 0;
  /** Whether all groups that the user is in are known on this connection. */
  #isListed = false;
  #cancelCheck: Cancel | undefined;
  #closed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#pace = new SendPace(parts.clock, () => this.#advanceAll());
  }

  /** Messages without an outcome. */
  get size(): number {
    return this.#entries.size;
  }

  /** Takes a message in; `settled` is told its outcome, once. */
  add(message: OutgoingMessage, settled: (outcome: SendOutcome) => void): void {
    const entry: Entry = {
      ...message,
      order: this.#orders++,
      lane: this.#laneOf(message),
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
    this.#entries.set(entry.id, entry);
    entry.lane.waiting.push(entry);
    this.#cancelCheck ??= this.#parts.clock.after(checkPeriodMs, () => this.#check());
    this.#advance(entry.lane);
  }

  acknowledged({ clientMessageId, seq, sentAt }: Acknowledgement): void {
    const entry = this.#entries.get(clientMessageId);
    if (entry) this.#settle(entry, { ok: true, seq, sentAt });
  }

  rejected(rejection: Extract<Notice, { kind: "reject" }>): void {
    const { clientMessageId, group, code, epoch } = rejection;
    const entry = this.#entries.get(readUint64(clientMessageId, 0) as ClientMessageId);
    // What waits has been refused before.
    if (!entry?.lane.underWay.has(entry)) return;
    switch (code) {
      case "stale_epoch":
      case "rekey_needed": {
        if (epoch !== undefined) this.#parts.sawEpoch(group, epoch);
        entry.frame = undefined;
        // What is sealed under the same epoch once more is refused once more.
        const isSameAgain = entry.sealedEpoch !== undefined && entry.sealedEpoch === entry.refusedEpoch;
        entry.refusedEpoch = entry.sealedEpoch;
        return this.#putBack(entry, isSameAgain ? retryMs : 0);
      }
      case "rate_limited":
        // Of those behind another, nothing follows but that they have to wait for it.
        if (!this.#isBehind(entry)) this.#pace.refused(rejection);
        return this.#putBack(entry, 0);
      case "busy":
        return this.#putBack(entry, this.#isBehind(entry) ? 0 : pauseMs(rejection.retryAfterMs, retryMs));
      default:
        // The server's last word, so it keeps no turn.
        entry.keepsTurn = false;
        return this.#settle(entry, { ok: false, code, detail: `the server refused the message: ${code}` });
    }
  }

  /** There is a connection, and all groups that the user is in are known. */
  online(): void {
    this.#isListed = true;
    for (const entry of [...this.#entries.values()]) {
      if (this.#parts.epochOf(entry.group) === undefined) this.#settle(entry, noMember);
    }
    this.#advanceAll();
  }

  /** The connection is gone, and with it what the server knew of what it refused: all that was under way goes out again. */
  offline(): void {
    this.#pace.reset();
    this.#isListed = false;
    for (const lane of this.#allLanes()) {
      const back = [...lane.underWay, ...lane.waiting].sort((a, b) => a.order - b.order);
      lane.underWay.clear();
      lane.waiting.splice(0, lane.waiting.length, ...back);
      for (const entry of back) entry.keepsTurn = false;
      lane.givenUp = [];
      lane.pausedUntilMs = 0;
    }
  }

  /** The user is in this group from here on. */
  entered(group: GroupId): void {
    for (const lane of this.#lanes.get(group)?.values() ?? []) this.#advance(lane);
  }

  /** The user is in this group no more. */
  left(group: GroupId): void {
    for (const entry of [...this.#entries.values()]) if (entry.group === group) this.#settle(entry, noMember);
  }

  close(): void {
    this.#closed = true;
    this.#cancelCheck?.();
    this.#pace.reset();
  }

  #laneOf({ group, type }: OutgoingMessage): Lane {
    let lanes = this.#lanes.get(group);
    if (!lanes) {
      lanes = new Map();
      this.#lanes.set(group, lanes);
    }
    let lane = lanes.get(type);
    if (!lane) {
      lane = { group, waiting: [], underWay: new Set(), refusals: 0, givenUp: [], pausedUntilMs: 0 };
      lanes.set(type, lane);
    }
    return lane;
  }

  *#allLanes(): Iterable<Lane> {
    for (const lanes of this.#lanes.values()) yield* lanes.values();
  }

  /** Sends what may go out now, in the order in which it was written, whatever its group. */
  #advanceAll(): void {
    const lanes = [...this.#allLanes()].filter(({ waiting }) => waiting.length > 0);
    lanes.sort((a, b) => (a.waiting[0]?.order ?? 0) - (b.waiting[0]?.order ?? 0));
    for (const lane of lanes) this.#advance(lane);
  }

  /** Seals what comes next in a lane, and sends what may go out now. */
  #advance(lane: Lane): void {
    const { clock, isOnline, epochOf, hasLeft } = this.#parts;
    if (this.#closed || !isOnline()) return;
    if (hasLeft(lane.group)) return this.left(lane.group);
    // Not known yet: word that the user was admitted may be on its way.
    const epoch = epochOf(lane.group);
    if (epoch === undefined || clock.monotonic() < lane.pausedUntilMs) return;
    for (const entry of lane.waiting.slice(0, sealedAheadMax)) {
      // Under an epoch that is over it would only be refused, and with it each of those behind it.
      if (entry.sealedEpoch !== undefined && entry.sealedEpoch < epoch) entry.frame = undefined;
      if (!entry.frame && !entry.isSealing && this.#entries.has(entry.id)) this.#seal(entry, epoch);
    }
    for (let next = lane.waiting[0]; next?.frame && this.#mayGo(next); next = lane.waiting[0]) {
      if (!this.#pace.take()) return;
      lane.waiting.shift();
      this.#transmit(next);
    }
  }

  #mayGo(entry: Entry): boolean {
    const { lane, order, sealedEpoch } = entry;
    const [oldest] = lane.underWay;
    if (!oldest) return true;
    // It gives up whatever is refused before it, which none of those under way may be.
    if (skipsRefused(entry)) return false;
    // Sent before a refusal was known: whether it was refused, too, is still to be said.
    if (oldest.sentAfterRefusals < lane.refusals && oldest.order < order) return false;
    // What is under way under an older epoch may be refused, and then has to come first.
    return oldest.sealedEpoch === sealedEpoch;
  }

  #transmit(entry: Entry): void {
    const { lane } = entry;
    const resend = entry.sentBefore || entry.wasSent;
    const skips = skipsRefused(entry);
    setSendFlags(entry.frame as Uint8Array, { resend, skipsRefused: skips });
    if (skips) lane.givenUp = lane.givenUp.filter((order) => order > entry.order);
    entry.wasSent = true;
    entry.sentAfterRefusals = lane.refusals;
    lane.underWay.add(entry);
    this.#parts.tell(entry.frame as Uint8Array);
  }

  #seal(entry: Entry, epoch: Epoch): void {
    const sealed = entry.seal({ group: entry.group, epoch, clientMessageId: entry.id });
    if (!(sealed instanceof Promise)) return this.#sealed(entry, sealed);
    entry.isSealing = true;
    void sealed
      .catch((cause: unknown) => refused<SealRefusal>({ code: "cannot_seal", detail: messageOf(cause) }))
      .then((outcome) => {
        entry.isSealing = false;
        this.#sealed(entry, outcome);
        this.#advance(entry.lane);
      });
  }

  #sealed(entry: Entry, sealed: Result<SealedFor, SealRefusal>): void {
    if (!this.#entries.has(entry.id)) return;
    if (!sealed.ok) {
      const { code, detail } = sealed.reason;
      return code === "not_now" ? this.#pause(entry.lane, retryMs) : this.#settle(entry, { ok: false, code, detail });
    }
    const { id: clientMessageId, group, type } = entry;
    const { epoch, payload } = sealed.value;
    entry.sealedEpoch = epoch;
    entry.frame = encodeSend({ resend: false, skipsRefused: false, type, epoch, group, clientMessageId, payload });
  }

  /** A message that was refused for now takes its old place among those that wait. */
  #putBack(entry: Entry, delayMs: number): void {
    const { lane } = entry;
    lane.underWay.delete(entry);
    lane.refusals++;
    entry.keepsTurn = true;
    const behind = lane.waiting.findIndex(({ order }) => order > entry.order);
    lane.waiting.splice(behind === -1 ? lane.waiting.length : behind, 0, entry);
    if (delayMs > 0) this.#pause(lane, delayMs);
    else this.#advance(lane);
  }

  /** Whether one that was written before it has been refused, too, and not been taken in since. */
  #isBehind({ lane: { waiting, underWay }, order }: Entry): boolean {
    const isBefore = (other: Entry) => other.keepsTurn && other.order < order;
    if (waiting[0] && isBefore(waiting[0])) return true;
    for (const other of underWay) if (isBefore(other)) return true;
    return false;
  }

  #pause(lane: Lane, delayMs: number): void {
    const { clock } = this.#parts;
    lane.pausedUntilMs = Math.max(lane.pausedUntilMs, clock.monotonic() + delayMs);
    clock.after(delayMs, () => this.#advance(lane));
  }

  #settle(entry: Entry, outcome: SendOutcome): void {
    const { lane } = entry;
    this.#entries.delete(entry.id);
    if (!lane.underWay.delete(entry)) lane.waiting.splice(lane.waiting.indexOf(entry), 1);
    if (!outcome.ok && entry.keepsTurn) lane.givenUp.push(entry.order);
    entry.settled(outcome);
    if (lane.waiting.length > 0) this.#advance(lane);
  }

  /** Gives up what is for a group that no server knows of. */
  #check(): void {
    this.#cancelCheck = undefined;
    if (this.#closed || this.#entries.size === 0) return;
    const { clock, epochOf } = this.#parts;
    if (this.#isListed) {
      const overdue = clock.monotonic() - unknownGroupMsMax;
      for (const entry of [...this.#entries.values()]) {
        if (epochOf(entry.group) === undefined && entry.takenAtMs < overdue) this.#settle(entry, noMember);
      }
    }
    this.#advanceAll();
    this.#cancelCheck = clock.after(checkPeriodMs, () => this.#check());
  }
}

/** Whether a message is the first behind some that were given up although the server keeps their turns. */
const skipsRefused = ({ lane, order }: Entry) => lane.givenUp.some((givenUp) => givenUp < order);
