import type { ErrorCode } from "../../wire/errors.ts";
import type { ClientMessageId, Epoch, GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { SendFrame } from "../../wire/send-frame.ts";
import type { NoticeFrame } from "../../wire/server-frame.ts";
import type { Connection } from "../transport/transport.ts";

/** One client's connection, as the rest of the server finds it: nobody's at first, a user's once it has logged in. */
export interface Session {
  readonly connection: Connection;
  /** Undefined until logged in. */
  readonly user: UserId | undefined;
  /** Whether this connection resumed or began the session with this id. */
  isOfSession(id: Uint8Array): boolean;
  /** Subscribes to a group's messages; false when it has been already, or the connection has ended. */
  enterGroup(group: FollowedGroup): boolean;
  leaveGroup(group: FollowedGroup): void;
  /** Tells the client that a message was not stored, and why. One that may come again keeps its turn. */
  reject(message: ArrivedMessage, refusal: SendRefusal): void;
  /** A message of this connection is on disk. */
  stored(group: GroupId, id: ClientMessageId): void;
  /** The group's rows are ahead of what this server knows. */
  noteBehind(group: GroupId): void;
  /** The server is about to stop. */
  goAway(): void;
  /** Ends the connection for a reason that the client is told. */
  end(code: ErrorCode, detail: string): void;
}

/** As much of a SEND as names it, and its turn among those of its connection. */
export interface ArrivedMessage extends Pick<SendFrame, "group" | "clientMessageId" | "type"> {
  readonly turn: number;
}

/** Why a SEND was not stored. */
export type SendRefusal = Omit<NoticeFrame<"reject">, "kind" | "group" | "clientMessageId">;

/** A group that this server follows because members of it are connected here, or just were. */
export interface FollowedGroup {
  readonly id: GroupId;
  /** What its members' sockets subscribe to. */
  readonly topic: string;
  /** What the sockets of those who have it open subscribe to. */
  readonly presenceTopic: string;
  epoch: Epoch;
  /** The last seq that is known to be taken. */
  lastSeq: Seq;
  /** The last seq that was delivered to the members connected here: what the sweep compares with the database. */
  deliveredSeq: Seq;
  logLength: number;
  members: Set<UserId>;
  /** Connected here, logged in and subscribed. */
  readonly sessions: Set<Session>;
  /** When the last of them left. */
  idleSinceMs: number;
}
