import type { Epoch, GroupId } from "../../wire/ids.ts";
import type { OutgoingMessage, SendOutcome } from "./outgoing-message.ts";

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
export class Lane {
  readonly group: GroupId;
  /** Written and not under way, in order. */
  readonly waiting: QueuedMessage[] = [];
  /** Nothing is tried before this moment of the monotonic clock. */
  pausedUntilMs = 0;
  /** Sent on this connection, in the order of sending, and without an outcome. */
  readonly #underWay = new Set<QueuedMessage>();
  /** Refusals so far: what was sent before the last of them and behind what was refused will be refused, too. */
  #refusals = 0;
  /** The orders of messages that were given up although the server keeps their turns: the next one behind them says so. */
  #givenUp: number[] = [];

  constructor(group: GroupId) {
    this.group = group;
  }

  isUnderWay(message: QueuedMessage): boolean {
    return this.#underWay.has(message);
  }

  /** Whether this sealed message, the first that waits, may go out now. */
  mayGo(message: QueuedMessage): boolean {
    const [oldest] = this.#underWay;
    if (!oldest) return true;
    // It gives up whatever is refused before it, which none of those under way may be.
    if (this.#skipsRefused(message)) return false;
    // Sent before a refusal was known: whether it was refused, too, is still to be said.
    if (oldest.sentAfterRefusals < this.#refusals && oldest.order < message.order) return false;
    // What is under way under an older epoch may be refused, and then has to come first.
    return oldest.sealedEpoch === message.sealedEpoch;
  }

  /**
   * The first that waits goes out. Answers whether it is the first behind some that were given up although the server keeps
   * their turns, and has to say so.
   */
  sent(message: QueuedMessage): boolean {
    this.waiting.shift();
    const skips = this.#skipsRefused(message);
    if (skips) this.#givenUp = this.#givenUp.filter((order) => order > message.order);
    message.wasSent = true;
    message.sentAfterRefusals = this.#refusals;
    this.#underWay.add(message);
    return skips;
  }

  /** A message that was refused for now waits again where it stood among those that wait. */
  putBack(message: QueuedMessage): void {
    this.#underWay.delete(message);
    this.#refusals++;
    message.keepsTurn = true;
    const behind = this.waiting.findIndex(({ order }) => order > message.order);
    this.waiting.splice(behind === -1 ? this.waiting.length : behind, 0, message);
  }

  /** Whether one that was written before this has been refused, too, and not been taken in since. */
  isBehindRefused({ order }: QueuedMessage): boolean {
    const isBefore = (other: QueuedMessage) => other.keepsTurn && other.order < order;
    if (this.waiting[0] && isBefore(this.waiting[0])) return true;
    for (const other of this.#underWay) if (isBefore(other)) return true;
    return false;
  }

  /** A message has its outcome. */
  settled(message: QueuedMessage, { ok }: SendOutcome): void {
    if (!this.#underWay.delete(message)) this.waiting.splice(this.waiting.indexOf(message), 1);
    if (!ok && message.keepsTurn) this.#givenUp.push(message.order);
  }

  /** The connection is gone, and with it what the server knew of what it refused: all that was under way waits again. */
  disconnected(): void {
    const back = [...this.#underWay, ...this.waiting].sort((a, b) => a.order - b.order);
    this.#underWay.clear();
    this.waiting.splice(0, this.waiting.length, ...back);
    for (const message of back) message.keepsTurn = false;
    this.#givenUp = [];
    this.pausedUntilMs = 0;
  }

  #skipsRefused({ order }: QueuedMessage): boolean {
    return this.#givenUp.some((givenUp) => givenUp < order);
  }
}
