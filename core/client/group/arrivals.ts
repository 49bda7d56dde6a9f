import type { ClientMessageId, Seq, UserId } from "../../wire/ids.ts";
import type { MessageName } from "./keeper.ts";

/**
 * What a group's server was seen to do: up to which seq its messages have come, and whether it shows the user's own where it
 * has acknowledged them.
 */
export class Arrivals {
  /** Seqs that the server has given to the user's own messages, and not shown yet. */
  readonly #promised = new Map<Seq, ClientMessageId>();
  readonly #waiting = new Set<{ readonly seq: Seq; readonly resolve: () => void }>();

  /** The server has acknowledged a message of the user's own with a seq that is still to come. */
  promise(seq: Seq, id: ClientMessageId): void {
    this.#promised.set(seq, id);
  }

  /** Whether a message that has come is not the one that the server has promised there. */
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
