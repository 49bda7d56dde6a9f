import type { ErrorCode } from "../../wire/errors.ts";
import type { ClientMessageId, Epoch, GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { SendFrame } from "../../wire/send-frame.ts";
import type { NoticeFrame } from "../../wire/server-frame.ts";
import type { Connection } from "../transport/transport.ts";

/** What the rest of the server needs of one client's connection. */
export interface Session {
  readonly connection: Connection;
  /** Undefined until the connection has logged in. */
  readonly user: UserId | undefined;
  /** Whether this connection resumed or began the session with this id. */
  isOfSession(id: Uint8Array): boolean;
  /** Subscribes the connection to a group's messages; answers false when it is subscribed already, or has ended. */
  enterGroup(group: FollowedGroup): boolean;
  leaveGroup(group: FollowedGroup): void;
  /** Sends the client a `reject` for a message. A message that may come again keeps its turn. */
  reject(message: ArrivedMessage, refusal: SendRefusal): void;
  /** A message of this connection is stored. */
  stored(group: GroupId, id: ClientMessageId): void;
  /** The database has newer facts of the group than this server. */
  noteBehind(group: GroupId): void;
  /** Asks the client to move to another server, since this one is about to stop. */
  goAway(): void;
  /** Sends the client an error with this code, and ends the connection. */
  end(code: ErrorCode, detail: string): void;
}

/** What identifies a SEND, and its number among those of its connection. */
export interface ArrivedMessage extends Pick<SendFrame, "group" | "clientMessageId" | "type"> {
  readonly turn: number;
}

/** Why a SEND was not stored. */
export type SendRefusal = Omit<NoticeFrame<"reject">, "kind" | "group" | "clientMessageId">;

/** A group that this server follows because members of it are connected here, or just were. */
export interface FollowedGroup {
  readonly id: GroupId;
  /** The topic to which its members' sockets subscribe. */
  readonly topic: string;
  /** The topic to which the sockets of members who watch the group subscribe. */
  readonly presenceTopic: string;
  epoch: Epoch;
  /** The last seq that this server knows of. */
  lastSeq: Seq;
  /** The last seq that was delivered to the members connected here. The sweep compares it with the database. */
  deliveredSeq: Seq;
  logLength: number;
  members: Set<UserId>;
  /** The sessions of members here that are subscribed. */
  readonly sessions: Set<Session>;
  /** When the last session left. */
  idleSinceMs: number;
}
