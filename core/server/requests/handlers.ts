import type { PostFrame, PostKind, RequestKind } from "../../wire/client-frame.ts";
import type { GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { Bus } from "../bus.ts";
import type { GroupDirectory } from "../groups/group-directory.ts";
import type { Presence } from "../groups/presence.ts";
import type { ServerContext } from "../server-context.ts";
import type { FollowedGroup, Session } from "../sessions/session.ts";
import type { Authentication, Newcomer } from "./authentication.ts";
import type { ReplyBody, RequestBody } from "./bodies.ts";
import type { MembershipChanges } from "./membership-changes.ts";
import type { PasswordChange } from "./password-change.ts";

/** What handlers need of a server. */
export interface HandlerParts
  extends Pick<ServerContext, "clock" | "counters" | "database" | "isDatabaseAway" | "log" | "revoked" | "users"> {
  readonly bus: Pick<Bus, "broadcast">;
  readonly groups: Pick<GroupDirectory, "advance">;
  readonly presence: Pick<Presence, "read" | "typing" | "unwatch" | "watch">;
}

/** The connection of a request, for its handler. */
export interface Asker extends Session, Newcomer {
  readonly server: HandlerParts;
  /** The connection's user. It throws while there is none, so only handlers of requests that need a login may read it. */
  readonly loggedInUser: UserId;
  /** The id of the session that this connection resumed or began. */
  readonly sessionId: Uint8Array;
  readonly isOver: boolean;
  readonly authentication: Authentication;
  readonly passwordChange: PasswordChange;
  readonly membershipChanges: MembershipChanges;
  /** The group, if the user is a member of it; the connection is subscribed to it from then on. */
  memberOf(id: GroupId): Promise<FollowedGroup | undefined>;
  /** The group, if this connection is subscribed to it. */
  entered(id: GroupId): FollowedGroup | undefined;
  /** Subscribes the connection to all of the user's groups; the result lists those to which it is subscribed when it is called. */
  enterGroups(): Promise<() => EnteredGroup[]>;
  /** Runs work that takes a while; answers false, and does not run it, when as much as is allowed is under way already. */
  whileInFlight(work: () => Promise<void>): boolean;
}

export interface EnteredGroup {
  readonly group: FollowedGroup;
  readonly readSeq: Seq;
}

/** A handler that answers at once, however many other requests of the connection are under way. */
export interface AtOnce<Kind extends RequestKind> {
  atOnce(asker: Asker, asked: RequestBody<Kind>): ReplyBody<Kind>;
}
export type Handler<Kind extends RequestKind> =
  | ((asker: Asker, asked: RequestBody<Kind>) => Promise<Answer<Kind>>)
  | AtOnce<Kind>;

/**
 * A reply, or a function that makes it at the moment at which it is sent: then no notice can be sent between what the reply says and
 * the reply.
 */
export type Answer<Kind extends RequestKind> = ReplyBody<Kind> | (() => ReplyBody<Kind>);

/** Handlers of some requests, by kind. Their caller handles the numbers of requests. */
export type Handlers<Kinds extends RequestKind> = { readonly [Kind in Kinds]: Handler<Kind> };

/** Handlers of frames that have no reply. */
export type PostHandlers<Kinds extends PostKind> = {
  readonly [Kind in Kinds]: (asker: Asker, frame: PostFrame<Kind>) => void;
};
