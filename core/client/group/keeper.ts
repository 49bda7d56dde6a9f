import type { Content } from "../../e2ee/content.ts";
import type { ClientMessageId, Epoch, GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { PinStore } from "../people/trust.ts";
import type { SequencedEntry } from "./group-log.ts";

/**
 * Keeps what a client needs from one run to the next. Each call is one transaction: a crash at any moment leaves either all of
 * it or nothing.
 */
export interface Keeper {
  readonly pins: PinStore;
  /** The user's groups that are kept. */
  groups(): readonly KeptGroup[];
  /** The state from which a conversation goes on; undefined for a group that is not kept. */
  restore(group: GroupId): KeptConversation | undefined;
  /** One step of a conversation. */
  keep(group: GroupId, step: ConversationStep): void;
  /** The seq of this message, if it is kept: a server may not show the message with another. */
  seqOf(group: GroupId, sender: UserId, id: ClientMessageId): Seq | undefined;
  /** The message that is kept with this seq, if there is one. */
  at(group: GroupId, seq: Seq): MessageName | undefined;
  /**
   * The user is a member of this group. Returns the seq behind which to go on reading: the kept cursor, or `after` where
   * nothing is kept that far.
   */
  entered(group: GroupId, after: Seq): Seq;
  /** Everything from this seq up to the cursor has been taken in. Undefined for a group that is not kept. */
  oldest(group: GroupId): Seq | undefined;
  /** The user has left, or was removed: nothing more comes. What was taken in stays. */
  left(group: GroupId): void;
  /** The user has read everything up to a seq; false when that was known. */
  readUpTo(group: GroupId, seq: Seq): boolean;
  /** The seq up to which the user has read. */
  readSeq(group: GroupId): Seq;
  /** Deletes a group's messages from before a moment; returns the epochs of those that stay. */
  expire(group: GroupId, before: number): ReadonlySet<Epoch>;

  /** Messages without an outcome, in the order in which they were written. */
  unsent(): readonly WrittenMessage[];
  /** Keeps a message that the user has written; it is on disk when this returns. */
  written(message: WrittenMessage): void;
  /** The message has its outcome. */
  settled(id: ClientMessageId, outcome: KeptOutcome): void;
  /** A failed message waits again; that is on disk when this returns. Undefined when there is no such message. */
  retried(id: ClientMessageId): WrittenMessage | undefined;
  /** Deletes a message that has failed or has no outcome; false when there is no such message. */
  discarded(id: ClientMessageId): boolean;
}

/** A message's outcome as it is kept: its seq, or why it failed. */
export type KeptOutcome = { readonly ok: true; readonly seq: Seq } | { readonly ok: false; readonly why: string };

export interface KeptGroup {
  readonly group: GroupId;
  /** Everything up to this seq has been taken in. */
  readonly cursor: Seq;
}

/** What names a message within its group. */
export interface MessageName {
  readonly sender: UserId;
  readonly clientMessageId: ClientMessageId;
}

export interface KeptConversation {
  /** The membership log, in order. */
  readonly entries: readonly SequencedEntry[];
  /** The suite's state, if there is one. */
  readonly suiteState: Uint8Array | undefined;
}

/** What one step of a conversation changes; all of it is kept, or nothing. */
export interface ConversationStep {
  /** Everything up to this seq has been taken in once this step is kept. */
  readonly cursor?: Seq;
  /** Everything from this seq up to the cursor has been taken in once this step is kept. */
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

/** A message as it was taken in: with its content, or with the fault for which it could not be opened. */
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
