import type { ClientMessageId, GroupId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";

interface Turn {
  readonly id: ClientMessageId;
  /** Grows from one message of the connection to the next, as they came first. */
  readonly number: number;
  untilMs: number;
}

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
  before(group: GroupId, number: number, nowMs: number): number {
    const turns = this.#turns.get(group);
    if (!turns) return 0;
    const kept = turns.findIndex(({ untilMs }) => untilMs >= nowMs);
    if (kept !== 0) this.#drop(group, turns, 0, kept === -1 ? turns.length : kept);
    const behind = turns.findIndex((turn) => turn.number >= number);
    return behind === -1 ? turns.length : behind;
  }

  /** A message was refused for now, and may come again at a time. */
  refused(group: GroupId, id: ClientMessageId, number: number, againMs: number): void {
    const turns = this.#turns.get(group) ?? [];
    const behind = turns.findIndex((turn) => turn.number >= number);
    const at = behind === -1 ? turns.length : behind;
    const untilMs = againMs + limits.sendTurnMsMax;
    const own = turns[at];
    if (own?.number === number) {
      own.untilMs = untilMs;
      return;
    }
    if (this.#count >= limits.sendTurnsMax) {
      // One that came before others needs its turn more than the last of them.
      if (at === turns.length) return;
      this.#drop(group, turns, turns.length - 1, 1);
    }
    turns.splice(at, 0, { id, number, untilMs });
    this.#turns.set(group, turns);
    this.#count++;
  }

  /** A message was taken in, or refused for good. */
  ended(group: GroupId, number: number): void {
    const turns = this.#turns.get(group);
    const own = turns?.findIndex((turn) => turn.number === number) ?? -1;
    if (turns && own !== -1) this.#drop(group, turns, own, 1);
  }

  /** Those that have their turn before this number are given up. */
  skipTo(group: GroupId, number: number): void {
    const turns = this.#turns.get(group);
    const behind = turns?.findIndex((turn) => turn.number >= number) ?? -1;
    if (turns) this.#drop(group, turns, 0, behind === -1 ? turns.length : behind);
  }

  #drop(group: GroupId, turns: Turn[], from: number, count: number): void {
    turns.splice(from, count);
    this.#count -= count;
    if (turns.length === 0) this.#turns.delete(group);
  }
}
