import { accepted, type Result } from "../../platform/result.ts";
import type { DeliveredMessage } from "../../wire/deliver-frame.ts";
import { nextSeq, previousSeq, type Seq, seq, seqBeforeFirst } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { type GroupRefusal, refusal, refusalFor } from "../mail/group-refusal.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { askOnce } from "../people/identity-book.ts";
import type { ConversationEvents } from "./conversation-events.ts";
import type { ConversationState } from "./conversation-state.ts";
import type { Keeper } from "./keeper.ts";
import type { LogFollower } from "./log-follower.ts";
import type { MessageOpener } from "./message-opener.ts";
import type { InOrder } from "./turns.ts";

/** The outcome of reading older messages. */
export interface OlderMessages {
  /** How many were kept; others may have been passed over, or have expired. */
  readonly count: number;
  /** Whether there may be more before them. */
  readonly more: boolean;
}

export interface OlderHistoryParts {
  readonly state: ConversationState;
  readonly log: LogFollower;
  readonly opener: MessageOpener;
  readonly inOrder: InOrder;
  readonly mailbox: Mailbox;
  readonly keeper: Keeper | undefined;
  readonly events: Pick<ConversationEvents, "misplaced">;
}

/** Older messages are no news, so they are kept without events; the keeper notifies its listeners. */
const quietly: ConversationEvents = {};

/** Reads a group's messages from before the oldest that is kept, and keeps them like any other. */
export class OlderHistory {
  readonly #parts: OlderHistoryParts;
  #reading: Promise<Result<OlderMessages, GroupRefusal>> | undefined;

  constructor(parts: OlderHistoryParts) {
    this.#parts = parts;
  }

  /** Reads up to so many messages. A call while another is under way gets the same outcome. */
  read(count: number): Promise<Result<OlderMessages, GroupRefusal>> {
    this.#reading ??= this.#read(count).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(count: number): Promise<Result<OlderMessages, GroupRefusal>> {
    const { state, log, inOrder, keeper, mailbox } = this.#parts;
    const oldest = keeper?.oldest(state.group);
    if (!keeper || oldest === undefined) return refusal("not_a_member", "nothing of this group is kept");
    const ready = await inOrder(async () => {
      const known = state.log.membership;
      const isReady = known && (!known.keyed || state.holds(known.epoch));
      return isReady ? accepted(known) : log.refresh(askOnce);
    });
    if (!ready.ok) return ready;
    const first = this.#firstReadable();
    if (oldest <= first) return accepted({ count: 0, more: false });
    const from = seq(Math.max(first, oldest - Math.min(Math.max(1, count), limits.syncPageMax)));
    const range = { after: previousSeq(from), through: previousSeq(oldest) };
    const history = await mailbox.history(state.group, range);
    if (!history.ok) return refusalFor("older messages could not be read", history.reason);
    const taking = inOrder(async () => {
      const taken = await this.#takeAll(keeper, history.value, { from, before: oldest });
      return taken === undefined
        ? refusal("offline", "closed meanwhile")
        : accepted({ count: taken, more: from > first });
    });
    return taking.catch((cause) => {
      if (!state.isBroken) throw cause;
      return refusal("offline", "nothing can be kept at present");
    });
  }

  /** Takes in messages of a range; returns how many were kept, undefined when the client was closed meanwhile. */
  async #takeAll(
    keeper: Keeper,
    messages: readonly (readonly [Seq, DeliveredMessage])[],
    { from, before }: { readonly from: Seq; readonly before: Seq },
  ): Promise<number | undefined> {
    const { state } = this.#parts;
    let taken = 0;
    let next = from;
    const skipTo = (at: Seq) => {
      if (at > next) state.keep({ missing: { from: next, through: previousSeq(at) } });
      next = nextSeq(at);
    };
    for (const [at, message] of messages) {
      if (state.isClosed) break;
      skipTo(at);
      if (await this.#take(keeper, at, message)) taken++;
    }
    if (state.isClosed) return undefined;
    skipTo(before);
    state.keep({ oldest: from });
    return taken;
  }

  /** Takes in an older message; returns whether one more is kept then. */
  async #take(keeper: Keeper, at: Seq, message: DeliveredMessage): Promise<boolean> {
    const { state, log, opener, events } = this.#parts;
    const known = keeper.at(state.group, at);
    if (known && (known.sender !== message.sender || known.clientMessageId !== message.clientMessageId)) {
      events.misplaced?.(state.group, at);
      return false;
    }
    switch (message.type) {
      case messageTypes.membership:
        await log.received(at, message);
        return false;
      case messageTypes.handshake:
        // The suite's state has it already.
        return false;
      case messageTypes.application:
        await opener.open(at, message, quietly).catch((cause) => {
          if (state.isBroken) throw cause;
          opener.broke(at, message, cause, quietly);
        });
        return !known && keeper.at(state.group, at) !== undefined;
      default:
        message.type satisfies never;
        return false;
    }
  }

  /** Messages before this seq were not written for this member. */
  #firstReadable(): Seq {
    const { state } = this.#parts;
    return state.log.entries.find(({ entry }) => state.isFor(entry.epoch))?.seq ?? nextSeq(seqBeforeFirst);
  }
}
