import type { Content } from "../../e2ee/content.ts";
import type { ClientMessageId, Epoch, GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { PinStore } from "../people/trust.ts";
import type { SequencedEntry } from "./group-log.ts";

/**
 * What a client keeps from one run to the next. Each call is one transaction: a crash at any moment leaves either all of it
 * or nothing.
 */
export interface Keeper {
  readonly pins: PinStore;
  /** Groups of the user, as far as they are kept. */
  groups(): readonly KeptGroup[];
  /** What a conversation goes on from. */
  restore(group: GroupId): KeptConversation | undefined;
  /** One step of a conversation. */
  keep(group: GroupId, step: ConversationStep): void;
  /** The seq of this message, if it is kept: a server may not show it with another. */
  seqOf(group: GroupId, sender: UserId, id: ClientMessageId): Seq | undefined;
  /** Which message is kept with this seq. */
  at(group: GroupId, seq: Seq): MessageName | undefined;
  /**
   * The user is a member of this group. Answers the seq behind which to go on reading: where that has ended, or behind
   * `after`, if nothing is kept that far.
   */
  entered(group: GroupId, after: Seq): Seq;
  /** Everything between this seq and the cursor has been taken in. Undefined for a group that is not kept. */
  oldest(group: GroupId): Seq | undefined;
  /** The user has left, or was removed: nothing more comes. What was read stays. */
  left(group: GroupId): void;
  /** Everything up to a seq has been read; false when that was known. */
  readUpTo(group: GroupId, seq: Seq): boolean;
  /** Up to where. */
  readSeq(group: GroupId): Seq;
  /** Deletes a group's messages from before a moment; answers the epochs of those that stay. */
  expire(group: GroupId, before: number): ReadonlySet<Epoch>;

  /** Messages without an outcome, in the order in which they were written. */
  unsent(): readonly WrittenMessage[];
  /** A message that the user has written; on disk when this returns, whatever happens then. */
  written(message: WrittenMessage): void;
  /** What became of it. */
  settled(id: ClientMessageId, outcome: KeptOutcome): void;
  /** A message that failed waits again; on disk when this returns. Undefined when there is none. */
  retried(id: ClientMessageId): WrittenMessage | undefined;
  /** A message that failed is deleted; false when there is none. */
  discarded(id: ClientMessageId): boolean;
}

/** What became of a message: its seq, or why it failed. */
export type KeptOutcome = { readonly ok: true; readonly seq: Seq } | { readonly ok: false; readonly why: string };

export interface KeptGroup {
  readonly group: GroupId;
  /** Everything up to this seq has been taken in. */
  readonly cursor: Seq;
}

/** Which message it is, apart from its group. */
export interface MessageName {
  readonly sender: UserId;
  readonly clientMessageId: ClientMessageId;
}

export interface KeptConversation {
  /** The membership log, in order, as it travelled. */
  readonly entries: readonly SequencedEntry[];
  /** The suite's, if there is one. */
  readonly suiteState: Uint8Array | undefined;
}

export interface ConversationStep {
  /** Everything up to this seq is taken in with this step. */
  readonly cursor?: Seq;
  /** And everything from here on. */
  readonly oldest?: Seq;
  readonly entry?: SequencedEntry;
  /** When the server took in the entry with this seq. */
  readonly entryAt?: { readonly seq: Seq; readonly at: number };
  readonly title?: string;
  /** Seconds after which the group's messages are deleted; 0 keeps them. */
  readonly expireSeconds?: number;
  readonly suiteState?: Uint8Array;
  readonly message?: KeptMessage;
  /** Seqs of which the server says that they have no message. */
  readonly missing?: { readonly from: Seq; readonly through: Seq };
}

/** A message as it was taken in: opened, or not, and then why. */
export interface KeptMessage {
  readonly seq: Seq;
  readonly sender: UserId;
  readonly clientMessageId: ClientMessageId;
  readonly epoch: Epoch;
  readonly sentAt: number;
  readonly content: Content | undefined;
  readonly fault: string | undefined;
}

export interface WrittenMessage {
  readonly id: ClientMessageId;
  readonly group: GroupId;
  readonly content: Content;
  /** Milliseconds since the Unix epoch. */
  readonly writtenAt: number;
}
