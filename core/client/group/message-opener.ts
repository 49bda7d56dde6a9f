import { parseContent } from "../../e2ee/content.ts";
import type { Identity } from "../../e2ee/identity.ts";
import type { PublicIdentity } from "../../e2ee/public-identity.ts";
import type { AnySuite } from "../../e2ee/suite.ts";
import { messageOf } from "../../platform/failure.ts";
import type { DeliveredMessage } from "../../wire/deliver-frame.ts";
import type { Seq } from "../../wire/ids.ts";
import type { GroupRefusal } from "../mail/group-refusal.ts";
import { askPatiently, type IdentityBook } from "../people/identity-book.ts";
import type { ConversationEvents, MessageFault } from "./conversation-events.ts";
import type { ConversationState } from "./conversation-state.ts";
import type { Keeper, MessageName } from "./keeper.ts";
import type { LogFollower } from "./log-follower.ts";

/** Messages that are remembered at most, where no keeper keeps them, to recognise a repeated one. */
const rememberedMax = 4096;

export interface MessageOpenerParts {
  readonly state: ConversationState;
  readonly log: LogFollower;
  readonly self: Identity;
  readonly people: IdentityBook;
  readonly keeper: Pick<Keeper, "seqOf"> | undefined;
  readonly events: ConversationEvents;
}

/** Opens a conversation's messages in their turns: verifies the sender, keeps the message and reports it, or its fault. */
export class MessageOpener {
  readonly #parts: MessageOpenerParts;
  /** Seqs of opened messages by sender and id, the oldest first; empty where a keeper keeps them. */
  readonly #seqs = new Map<string, Seq>();

  constructor(parts: MessageOpenerParts) {
    this.#parts = parts;
  }

  /** Opens a message and reports it to `events`: without events for older messages, of which the keeper notifies. */
  async open(seq: Seq, message: DeliveredMessage, events: ConversationEvents = this.#parts.events): Promise<void> {
    const writer = await this.#writerOf(seq, message, events);
    if (!writer) return;
    const { state } = this.#parts;
    const { group, log } = state;
    const { sender, epoch, sentAt, clientMessageId, type, payload } = message;
    const envelope = { type, group, epoch, sender, clientMessageId };
    const opened = await writer.suite.open(state.ofSuite, envelope, payload, writer.identity);
    if (!opened.ok) return this.unreadable(seq, message, opened.reason, "", events);
    if (log.epochBehind(opened.value.logHead) === undefined) {
      const refreshed = await this.#parts.log.refresh(askPatiently);
      if (!refreshed.ok && state.wasClosed(refreshed.reason)) return;
    }
    if (log.epochBehind(opened.value.logHead) !== epoch) {
      return this.unreadable(seq, message, "different_log", "its sender was shown another membership log", events);
    }
    const content = parseContent(opened.value.body);
    if (!content.ok) return this.unreadable(seq, message, "unknown_content", content.reason, events);
    this.#remember(message, seq);
    const kept = { seq, sender, clientMessageId, epoch, sentAt, content: content.value, fault: undefined };
    state.advance(opened.value.state, { cursor: seq, message: kept });
    events.message?.({ group, seq, sender, sentAt, clientMessageId, content: content.value });
  }

  /** Gives a handshake message to the suite; returns why the suite did not take it, undefined when it did. */
  async receiveHandshake(seq: Seq, message: DeliveredMessage): Promise<string | undefined> {
    const { state, self, events } = this.#parts;
    const writer = await this.#writerOf(seq, message, events);
    if (!writer) return "refused";
    const { sender, epoch, clientMessageId, type, payload } = message;
    const envelope = { type, group: state.group, epoch, sender, clientMessageId };
    const { suite, identity } = writer;
    const followed = await suite.receiveHandshake(self, state.ofSuite, envelope, payload, identity);
    if (followed.ok) state.advance(followed.value, { cursor: seq });
    else this.unreadable(seq, message, followed.reason);
    return followed.ok ? undefined : followed.reason;
  }

  /** A defect of this client: the message is kept as unreadable, and those behind it are opened. */
  broke(seq: Seq, message: DeliveredMessage, cause: unknown, events?: ConversationEvents): void {
    this.unreadable(seq, message, "internal", messageOf(cause), events);
  }

  unreadable(seq: Seq, message: DeliveredMessage, fault: MessageFault, detail = "", events = this.#parts.events): void {
    const { sender, clientMessageId, epoch, sentAt } = message;
    const kept = { seq, sender, clientMessageId, epoch, sentAt, content: undefined, fault };
    // A replayed message is kept already, with its first seq.
    const { state } = this.#parts;
    state.keep(fault === "replayed" ? { cursor: seq } : { cursor: seq, message: kept });
    events.unreadable?.({ group: state.group, seq, sender, fault, detail });
  }

  /** The seq with which this message was opened before; undefined when it was not. */
  openedSeq(message: MessageName): Seq | undefined {
    const { state, keeper } = this.#parts;
    if (keeper) return keeper.seqOf(state.group, message.sender, message.clientMessageId);
    return this.#seqs.get(keyOf(message));
  }

  #remember(message: MessageName, seq: Seq): void {
    if (this.#parts.keeper) return;
    this.#seqs.set(keyOf(message), seq);
    const [oldest] = this.#seqs.keys();
    if (oldest !== undefined && this.#seqs.size > rememberedMax) this.#seqs.delete(oldest);
  }

  /** The suite, and the identity under which the sender was a member; undefined when the message was passed over or unreadable. */
  async #writerOf(
    seq: Seq,
    message: DeliveredMessage,
    events: ConversationEvents,
  ): Promise<{ readonly suite: AnySuite; readonly identity: PublicIdentity } | undefined> {
    const { state, people } = this.#parts;
    const { log } = state;
    const { sender, epoch } = message;
    const known = this.openedSeq(message);
    const unreadable = (fault: MessageFault, detail = "") => {
      this.unreadable(seq, message, fault, detail, events);
      return undefined;
    };
    if (known !== undefined && known !== seq) return unreadable("replayed", `the same message stands at ${known}`);
    if (!state.holds(epoch)) {
      const refreshed = await this.#parts.log.refresh(askPatiently);
      if (!refreshed.ok)
        return this.#unanswered(refreshed.reason, () => unreadable("unknown_epoch", refreshed.reason.detail));
    }
    const inForce = log.epochAt(seq);
    if (inForce === epoch && !state.isFor(epoch)) {
      state.keep({ cursor: seq });
      return undefined;
    }
    if (inForce !== epoch) return unreadable("stale_epoch", `epoch ${inForce} was in force there`);
    const { suite } = state;
    if (!suite || state.ofSuite === undefined) return unreadable("unknown_epoch");
    const fingerprint = log.history.memberIn(epoch, sender);
    if (!fingerprint) return unreadable("not_a_member");
    const person = await people.byFingerprint(sender, fingerprint, askPatiently);
    if (!person.ok) return this.#unanswered(person.reason, () => unreadable("unknown_sender", person.reason.detail));
    return { suite, identity: person.value };
  }

  /** The server refused what is needed to open a message: the message is unreadable, unless the client was closed. */
  #unanswered(why: GroupRefusal, unreadable: () => undefined): undefined {
    if (!this.#parts.state.wasClosed(why)) unreadable();
  }
}

const keyOf = ({ sender, clientMessageId }: MessageName) => `${sender} ${clientMessageId}`;
