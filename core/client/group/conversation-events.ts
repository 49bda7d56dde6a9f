import type { Content } from "../../e2ee/content.ts";
import type { SuiteFault } from "../../e2ee/suite.ts";
import type { ClientMessageId, GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { Membership } from "../../wire/membership.ts";
import type { MembershipEntry } from "../../wire/membership-entry.ts";

/** A message that was delivered, opened and verified. */
export interface OpenedMessage {
  readonly group: GroupId;
  readonly seq: Seq;
  readonly sender: UserId;
  readonly sentAt: number;
  readonly clientMessageId: ClientMessageId;
  readonly content: Content;
}

/** A message that was delivered and cannot be read, and why. */
export interface UnreadableMessage {
  readonly group: GroupId;
  readonly seq: Seq;
  readonly sender: UserId;
  readonly fault: MessageFault;
  readonly detail: string;
}

export type MessageFault =
  | SuiteFault
  /** The sender was no member in the message's epoch. */
  | "not_a_member"
  /** The server does not show the sender's identity, or another one than is pinned. */
  | "unknown_sender"
  | "unknown_content"
  /** Sealed under another epoch than the one in force at its seq. */
  | "stale_epoch"
  /** The same message has another seq, too. */
  | "replayed"
  /** Its sender was shown another membership log than this client. */
  | "different_log"
  /** A defect of this client. */
  | "internal";

export interface ConversationEvents {
  message?(message: OpenedMessage): void;
  unreadable?(message: UnreadableMessage): void;
  /** The server shows a message with a seq that another one had before, or with which it has acknowledged another. */
  misplaced?(group: GroupId, seq: Seq): void;
  /** The membership log has one more entry. */
  changed?(group: GroupId, entry: MembershipEntry, after: Membership): void;
  /** The server showed a log that contradicts itself, or what it showed before; the client goes on with what it has verified. */
  logRefused?(group: GroupId, detail: string): void;
  /** The keeper could not write what came: this run takes in nothing more of the group, and the next one all of it. */
  notKept?(group: GroupId, detail: string): void;
}
