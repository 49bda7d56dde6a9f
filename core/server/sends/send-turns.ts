import type { ClientMessageId, GroupId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";

interface Turn {
  readonly id: ClientMessageId;
  /** The message's number among those of its connection, in the order in which they came first. */
  readonly number: number;
  /** When the message may come again. */
  againMs: number;
}

/** A message that waits for another is to come again after this long at the earliest… */
const behindMsMin = 100;
/** …and after this long at the latest. */
const behindMsMax = 5000;

/**
 * Keeps the messages of a connection to a group in the order in which they were sent, whatever is refused on the way: a message
 * that is refused temporarily keeps its turn, and no message that was sent behind it is taken in before it has come again. A
 * client that sends again in order needs one turn a group; more turns keep the order also for a client that sends each message
 * again by itself, after the `retryAfterMs` of its own refusal.
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
    return turnsBefore(number, this.#turns.get(group) ?? []);
  }

  /** Whether a message before this number could have come again long ago, so that waiting for it is in vain. */
  isMissed(group: GroupId, number: number, nowMs: number): boolean {
    const isLate = (turn: Turn) => turn.number < number && turn.againMs + limits.sendTurnMsMax < nowMs;
    return this.#turns.get(group)?.some(isLate) ?? false;
  }

  /**
   * After how many whole milliseconds a message that waits for others is to come again: when the first of them may come again.
   * If that time has passed, after as long again as it has passed.
   */
  behindMs(group: GroupId, nowMs: number): number {
    const awaitedMs = Math.abs((this.#turns.get(group)?.[0]?.againMs ?? nowMs) - nowMs);
    // Whole, since frames carry no fractions.
    return Math.ceil(Math.min(Math.max(awaitedMs, behindMsMin), behindMsMax));
  }

  /** A message was refused temporarily, and may come again at `againMs`. If it came twice, the first counts. */
  refused(group: GroupId, id: ClientMessageId, number: number, againMs: number): void {
    const turns = this.#turns.get(group) ?? [];
    const own = turns.find((turn) => turn.id === id);
    if (own && own.number <= number) {
      own.againMs = againMs;
      return;
    }
    if (own) this.#drop(group, turns, turns.indexOf(own), 1);
    const at = turnsBefore(number, turns);
    if (turns.length === 0) {
      // The first refused message of a group keeps all others back, so it gets a turn also when all turns are taken.
      if (this.#turns.size >= limits.sendTurnsMax) return;
    } else if (this.#count >= limits.sendTurnsMax) {
      // A message that came before others needs its turn more than the last of them, which loses its own.
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

  /** The client has given up the messages that have their turns before this number. */
  skipTo(group: GroupId, number: number): void {
    const turns = this.#turns.get(group);
    if (turns) this.#drop(group, turns, 0, turnsBefore(number, turns));
  }

  #drop(group: GroupId, turns: Turn[], from: number, count: number): void {
    turns.splice(from, count);
    this.#count -= count;
    if (turns.length === 0) this.#turns.delete(group);
  }
}

/** How many of these turns are before this number. */
function turnsBefore(number: number, turns: readonly Turn[]): number {
  const behind = turns.findIndex((turn) => turn.number >= number);
  return behind === -1 ? turns.length : behind;
}
