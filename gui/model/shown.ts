import { type Content, type RowKey } from "../../core/client/index.ts";
import type { ClientMessageId, GroupId, Seq, UserId } from "../../core/wire/ids.ts";

/** What the screens show of the account: plain values, made by `gui/effects` from what `core/client` has. */

/** A group in the list. */
export interface GroupRow {
  readonly group: GroupId;
  /** Undefined while its log has not been read yet. */
  readonly title: string | undefined;
  /** Of the last message, in milliseconds since the Unix epoch; 0 if there is none. */
  readonly lastAt: number;
  /** How many messages of others the user has not read, and how many of these mention the user. */
  readonly unread: number;
  readonly mentions: number;
  readonly readSeq: Seq;
  /** The draft that the vault keeps. */
  readonly draft: string;
  /** The user has left, or was removed: the messages can still be read, and no more come. */
  readonly left: boolean;
}

/** A message, in the order in which a conversation shows them. */
export interface MessageRow {
  /** Names the message as long as the client runs, also before and after it gets its seq. */
  readonly key: RowKey;
  /** Undefined until the server has given it one. */
  readonly seq: Seq | undefined;
  readonly sender: UserId;
  readonly id: ClientMessageId;
  readonly epoch: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly state: "written" | "sent" | "failed" | "received" | "unreadable";
  /** Why it failed or cannot be read. */
  readonly why?: string | undefined;
  /** Undefined when it cannot be read. */
  readonly content: Content | undefined;
}

/** A change to a group, from its signed log. */
export interface ChangeRow {
  readonly seq: Seq;
  readonly at: number;
  readonly by: UserId;
  readonly action: "create" | "admit" | "remove" | "leave" | "promote" | "demote" | "rename" | "rekey";
  readonly subjects: readonly UserId[];
  /** For `create` and `rename`, when it can be opened. */
  readonly title?: string | undefined;
}

export interface MemberRow {
  readonly user: UserId;
  readonly name: string;
  readonly admin: boolean;
}

/** How far a person's identity is trusted. */
export type Trusted = "pinned" | "verified" | "changed";

export interface PersonRow {
  readonly user: UserId;
  readonly name: string;
  readonly trusted: Trusted;
}

/** A group's facts beside its messages. */
export interface GroupFacts {
  readonly title: string | undefined;
  readonly members: readonly MemberRow[];
  readonly epoch: number;
  readonly suite: string;
  /** Seconds after which its messages are deleted; 0 keeps them. */
  readonly expireSeconds: number;
  readonly changes: readonly ChangeRow[];
}

export interface SafetyNumber {
  readonly user: UserId;
  readonly name: string;
  readonly trusted: Trusted;
  /** Twelve blocks of five digits. */
  readonly digits: readonly string[];
  /** The same as a QR code, line by line. */
  readonly qr: readonly string[];
  /** When another identity is shown under the name: the safety number with that one. */
  readonly changedDigits?: readonly string[] | undefined;
}

export interface SearchHit {
  readonly group: GroupId;
  readonly message: MessageRow;
}

export interface FileEntry {
  readonly name: string;
  readonly kind: "directory" | "file";
  readonly bytes: number;
}

/** A file on its way, up or down. */
export interface TransferRow {
  readonly id: string;
  readonly way: "up" | "down";
  readonly group: GroupId;
  readonly name: string;
  readonly done: number;
  readonly of: number;
  /** Why it stopped; it can be resumed. */
  readonly stopped?: string | undefined;
}

/** A picture in a conversation: lines of half-blocks, or why there are none. */
export type Preview =
  | { readonly kind: "loading" }
  | {
      readonly kind: "lines";
      readonly columns: number;
      readonly lines: readonly string[];
      /** Names the picture to a terminal that can show its pixels instead. */
      readonly graphic?: number | undefined;
    }
  | { readonly kind: "none"; readonly why: string };
