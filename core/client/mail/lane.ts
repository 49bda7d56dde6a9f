import type { Epoch, GroupId } from "../../wire/ids.ts";
import type { OutgoingMessage, SendOutcome } from "./outgoing-message.ts";
import { Refusals } from "./refusals.ts";

/** A message between the moment somebody wrote it and its outcome. */
export interface QueuedMessage extends OutgoingMessage {
  /** Grows with each message. */
  readonly order: number;
  readonly lane: Lane;
  /** When it was written, on the monotonic clock. */
  readonly takenAtMs: number;
  readonly settled: (outcome: SendOutcome) => void;
  /** The encoded SEND, once sealed, and the epoch under which it is. */
  frame: Uint8Array | undefined;
  sealedEpoch: Epoch | undefined;
  /** The epoch under which it was last refused as stale. */
  refusedEpoch: Epoch | undefined;
  isSealing: boolean;
  /** Whether it went out before, on any connection. */
  wasSent: boolean;
  /** When it last went out, on the monotonic clock. */
  sentAtMs: number;
  /** The refusals in its lane that were known when it last went out. */
  sentAfterRefusals: number;
  /** Whether it was refused on this connection, and not accepted since: the server keeps its turn. */
  keepsTurn: boolean;
}

/**
 * The messages of one group and type, in the order in which they were written. A message goes out when those before it have
 * gone out without a refusal: the first that is refused stops all behind it.
 */
export class Lane {
  readonly group: GroupId;
  /** Of its messages, since one was stored. */
  readonly refusals = new Refusals();
  /** Written and not under way, in order. */
  readonly #waiting: QueuedMessage[] = [];
  /** Nothing goes out before this moment of the monotonic clock; 0 when there is no pause. */
  #pausedUntilMs = 0;
  /** Sent on this connection, in the order of sending, and without an outcome. */
  readonly #underWay = new Set<QueuedMessage>();
  /** Counts refusals: a message sent before the last of them and behind the refused one will be refused, too. */
  #refusals = 0;
  /** The orders of messages that were given up although the server keeps their turns; the next message behind them says so. */
  #givenUp: number[] = [];

  constructor(group: GroupId) {
    this.group = group;
  }

  /** A message that was just written waits behind all others. */
  add(message: QueuedMessage): void {
    this.#waiting.push(message);
  }

  /** The first message that waits. */
  get first(): QueuedMessage | undefined {
    return this.#waiting[0];
  }

  /** The message that waits behind so many others. */
  at(index: number): QueuedMessage | undefined {
    return this.#waiting[index];
  }

  isUnderWay(message: QueuedMessage): boolean {
    return this.#underWay.has(message);
  }

  /** Whether a message went out before this moment of the monotonic clock, and has no outcome. */
  wasSentBefore(ms: number): boolean {
    // The first went out before the others.
    const [oldest] = this.#underWay;
    return oldest !== undefined && oldest.sentAtMs < ms;
  }

  /** Nothing goes out before this moment of the monotonic clock, or a later one that was set before. */
  pauseUntil(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, ms);
  }

  /** This moment has come: a timer says so, which may run a little before the clock does. */
  pauseOver(ms: number): void {
    if (ms >= this.#pausedUntilMs) this.#pausedUntilMs = 0;
  }

  get isPaused(): boolean {
    return this.#pausedUntilMs > 0;
  }

  /** Whether this sealed message, the first that waits, may go out now. */
  mayGo(message: QueuedMessage): boolean {
    const [oldest] = this.#underWay;
    if (!oldest) return true;
    // It tells the server to forget the refused messages before it, so none of those under way may be refused any more.
    if (this.#skipsRefused(message)) return false;
    // The oldest was sent before a refusal was known, and may be refused, too.
    if (oldest.sentAfterRefusals < this.#refusals && oldest.order < message.order) return false;
    // A message under way under an older epoch may be refused, and then has to go out before this one.
    return oldest.sealedEpoch === message.sealedEpoch;
  }

  /**
   * The first that waits goes out. Returns whether its frame has to say that messages before it were given up whose turns
   * the server keeps.
   */
  sent(message: QueuedMessage): boolean {
    this.#waiting.shift();
    const skips = this.#skipsRefused(message);
    if (skips) this.#givenUp = this.#givenUp.filter((order) => order > message.order);
    message.wasSent = true;
    message.sentAfterRefusals = this.#refusals;
    this.#underWay.add(message);
    return skips;
  }

  /** A message that was refused for now waits again, in the order in which it was written. */
  putBack(message: QueuedMessage): void {
    this.#underWay.delete(message);
    this.#refusals++;
    message.keepsTurn = true;
    const behind = this.#waiting.findIndex(({ order }) => order > message.order);
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, message);
  }

  /** The refusal of a message is final, so the server keeps no turn for it. */
  refusedForGood(message: QueuedMessage): void {
    message.keepsTurn = false;
  }

  /** Whether a message that was written before this one was refused, too, and not accepted since. */
  isBehindRefused({ order }: QueuedMessage): boolean {
    const isBefore = (other: QueuedMessage) => other.keepsTurn && other.order < order;
    if (this.first && isBefore(this.first)) return true;
    for (const other of this.#underWay) if (isBefore(other)) return true;
    return false;
  }

  /** A message has its outcome, or was given up. */
  ended(message: QueuedMessage, isStored: boolean): void {
    if (!this.#underWay.delete(message)) this.#waiting.splice(this.#waiting.indexOf(message), 1);
    if (!isStored && message.keepsTurn) this.#givenUp.push(message.order);
  }

  /** The connection is gone, and with it the turns that the server kept: all that was under way waits again. */
  disconnected(): void {
    const back = [...this.#underWay, ...this.#waiting].sort((a, b) => a.order - b.order);
    this.#underWay.clear();
    this.#waiting.splice(0, this.#waiting.length, ...back);
    for (const message of back) message.keepsTurn = false;
    this.#givenUp = [];
    this.#pausedUntilMs = 0;
  }

  #skipsRefused({ order }: QueuedMessage): boolean {
    return this.#givenUp.some((givenUp) => givenUp < order);
  }
}
