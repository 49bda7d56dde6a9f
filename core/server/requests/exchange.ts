import type { ReplyKind } from "../../wire/server-frame.ts";
import type { Refusal } from "./refusal.ts";

/** The reply to a finish. */
export type FinishReply = { readonly kind: ReplyKind } | Refusal;

/**
 * An exchange of two requests over one connection: a start, which leaves something with the server, and a finish, which goes on
 * from there. A start is finished once, and a later start replaces it.
 */
export class Exchange<Begun> {
  #begun: Begun | undefined;
  #starts = 0;

  /**
   * A start has come: earlier ones cannot be finished any more. The caller hands what the start leaves to the result, together
   * with its answer; if another start has come meanwhile, that is dropped.
   */
  start(): (begun: Begun) => void {
    const start = ++this.#starts;
    this.#begun = undefined;
    return (begun) => {
      if (start === this.#starts) this.#begun = begun;
    };
  }

  /**
   * A finish has come: it uses up what the last start has left. When the server could not carry it out (`work` throws, or
   * answers `busy`), the same finish may come again. Undefined when there is no start to go on from.
   */
  async finish<Reply extends FinishReply>(work: (begun: Begun) => Promise<Reply>): Promise<Reply | undefined> {
    const begun = this.#begun;
    if (begun === undefined) return undefined;
    const start = this.#starts;
    this.#begun = undefined;
    let reply: Reply | undefined;
    try {
      reply = await work(begun);
      return reply;
    } finally {
      const isUndone = reply === undefined || (reply.kind === "error" && reply.code === "busy");
      if (isUndone && start === this.#starts) this.#begun = begun;
    }
  }
}
