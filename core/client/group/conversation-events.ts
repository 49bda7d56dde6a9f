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

/** A message that was delivered and could not be opened, and why. */
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
  /** The sender's identity could not be had, or is not the one that was met before. */
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
  /** The server shows another message at this seq than before, or than the user's own that it has acknowledged there. */
  misplaced?(group: GroupId, seq: Seq): void;
  /** The membership log has one more entry. */
  changed?(group: GroupId, entry: MembershipEntry, after: Membership): void;
  /** The server showed a log that cannot be: whatever it says of this group's members is refused. */
  logRefused?(group: GroupId, detail: string): void;
  /** The disk did not take what came: nothing more of this group is taken in by this run, and all of it by the next. */
  notKept?(group: GroupId, detail: string): void;
}
