import type { ClientMessageId, GroupId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";

interface Turn {
  readonly id: ClientMessageId;
  /** Grows from one message of the connection to the next, as they came first. */
  readonly number: number;
  /** When it may come again. */
  againMs: number;
}

/** Before this a message that waits for another is not asked for again. */
const behindMsMin = 100;
/** And after this it is. */
const behindMsMax = 5000;

/**
 * Keeps the messages of a connection to a group in the order in which they were sent, whatever is refused on the way: what
 * was refused for now keeps its turn, and nothing that was sent behind it is taken in before it has come again. A client that
 * keeps its messages in order needs one turn a group; with more, also one that follows each hint by itself is kept in order.
 */
export class SendTurns {
  readonly #turns = new Map<GroupId, Turn[]>();
  #count = 0;

  /** The number of the turn that a message keeps. */
  numberOf(group: GroupId, id: ClientMessageId): number | undefined {
    return this.#turns.get(group)?.find((turn) => turn.id === id)?.number;
  }

  /** How many refused messages have their turn before the one with this number. */
  before(group: GroupId, number: number): number {
    return placeOf(number, this.#turns.get(group) ?? []);
  }

  /** Whether one of those before this number might have come again long ago: to wait for it any longer is in vain. */
  isMissed(group: GroupId, number: number, nowMs: number): boolean {
    const isLate = (turn: Turn) => turn.number < number && turn.againMs + limits.sendTurnMsMax < nowMs;
    return this.#turns.get(group)?.some(isLate) ?? false;
  }

  /**
   * In how many whole milliseconds a message that has to wait for others had better come again: when the first of them may.
   * Where that has not come although it might have, in as long as it has been awaited.
   */
  behindMs(group: GroupId, nowMs: number): number {
    const awaitedMs = Math.abs((this.#turns.get(group)?.[0]?.againMs ?? nowMs) - nowMs);
    // Clocks have fractions; what travels has none.
    return Math.ceil(Math.min(Math.max(awaitedMs, behindMsMin), behindMsMax));
  }

  /** A message was refused for now, and may come again at a time. Of one that came twice the first counts. */
  refused(group: GroupId, id: ClientMessageId, number: number, againMs: number): void {
    const turns = this.#turns.get(group) ?? [];
    const own = turns.find((turn) => turn.id === id);
    if (own && own.number <= number) {
      own.againMs = againMs;
      return;
    }
    if (own) this.#drop(group, turns, turns.indexOf(own), 1);
    const at = placeOf(number, turns);
    if (turns.length === 0) {
      // The first of a group stops all behind it, so it has a turn also when there is none left.
      if (this.#turns.size >= limits.sendTurnsMax) return;
    } else if (this.#count >= limits.sendTurnsMax) {
      // One that came before others needs its turn more than the last of them.
      if (at === turns.length) return;
      this.#drop(group, turns, turns.length - 1, 1);
    }
    turns.splice(at, 0, { id, number, againMs });
    this.#turns.set(group, turns);
    this.#count++;
  }

  /** A message was taken in or stored, or was refused for good. */
  ended(group: GroupId, id: ClientMessageId): void {
    const turns = this.#turns.get(group);
    const own = turns?.findIndex((turn) => turn.id === id) ?? -1;
    if (turns && own !== -1) this.#drop(group, turns, own, 1);
  }

  /** Those that have their turn before this number are given up. */
  skipTo(group: GroupId, number: number): void {
    const turns = this.#turns.get(group);
    if (turns) this.#drop(group, turns, 0, placeOf(number, turns));
  }

  #drop(group: GroupId, turns: Turn[], from: number, count: number): void {
    turns.splice(from, count);
    this.#count -= count;
    if (turns.length === 0) this.#turns.delete(group);
  }
}

/** How many of these turns are before the one with this number. */
function placeOf(number: number, turns: readonly Turn[]): number {
  const behind = turns.findIndex((turn) => turn.number >= number);
  return behind === -1 ? turns.length : behind;
}
