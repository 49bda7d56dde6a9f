import type { ReplyKind } from "../../wire/server-frame.ts";
import type { Refusal } from "./refusal.ts";

/** What a finish may be answered. */
export type Answered = { readonly kind: ReplyKind } | Refusal;

/**
 * An exchange of two requests over one connection: a start, whose answer leaves something with the server, and a finish
 * that goes on from there. A start is finished once, and a later one takes its place.
 */
export class Exchange<Begun> {
  #begun: Begun | undefined;
  #starts = 0;

  /**
   * A start has come: those before it can be finished no more. What it leaves is for the answer to hand over; it is let fall
   * when another start has come meanwhile.
   */
  start(): (begun: Begun) => void {
    const start = ++this.#starts;
    this.#begun = undefined;
    return (begun) => {
      if (start === this.#starts) this.#begun = begun;
    };
  }

  /**
   * A finish has come: what the last start has left is used up by it, unless the server could not do what was asked and the
   * same finish may come again. Undefined when there is nothing to go on from.
   */
  async finish<Answer extends Answered>(work: (begun: Begun) => Promise<Answer>): Promise<Answer | undefined> {
    const begun = this.#begun;
    if (begun === undefined) return undefined;
    const start = this.#starts;
    this.#begun = undefined;
    let answer: Answer | undefined;
    try {
      answer = await work(begun);
      return answer;
    } finally {
      const isUndone = answer === undefined || (answer.kind === "error" && answer.code === "busy");
      if (isUndone && start === this.#starts) this.#begun = begun;
    }
  }
}
