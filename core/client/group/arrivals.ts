import type { ClientMessageId, Seq, UserId } from "../../wire/ids.ts";
import type { MessageName } from "./keeper.ts";

/**
 * Watches what the server delivers of a group: up to which seq messages have come, and whether the user's own have the seqs
 * with which they were acknowledged.
 */
export class Arrivals {
  /** The seqs with which the server has acknowledged own messages that it has not delivered yet. */
  readonly #promised = new Map<Seq, ClientMessageId>();
  readonly #waiting = new Set<{ readonly seq: Seq; readonly resolve: () => void }>();

  /** The server has acknowledged an own message with a seq that is still to come. */
  promise(seq: Seq, id: ClientMessageId): void {
    this.#promised.set(seq, id);
  }

  /** Whether the server has acknowledged another message with the seq of this one. */
  breaksPromise(seq: Seq, { sender, clientMessageId }: MessageName, user: UserId): boolean {
    const promised = this.#promised.get(seq);
    if (promised === undefined) return false;
    this.#promised.delete(seq);
    return sender !== user || clientMessageId !== promised;
  }

  /** Everything up to a seq has come, or never will. */
  arrived(through: number): void {
    for (const waiting of this.#waiting) {
      if (waiting.seq > through) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  /** Resolves when everything up to a seq has come. */
  until(seq: Seq): Promise<void> {
    return new Promise((resolve) => void this.#waiting.add({ seq, resolve }));
  }
}
