import type { PostFrame, PostKind, RequestKind } from "../../wire/client-frame.ts";
import type { GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { ServerContext } from "../server-context.ts";
import type { FollowedGroup, Session } from "../sessions/session.ts";
import type { Answer, Asked } from "./answers.ts";
import type { Authentication, Newcomer } from "./authentication.ts";
import type { MembershipChanges } from "./membership-changes.ts";
import type { PasswordChange } from "./password-change.ts";

/** Who asks: a connection, as the handlers of its requests find it. */
export interface Asker extends Session, Newcomer {
  readonly server: ServerContext;
  /** Its user. Only handlers of what strangers may not ask may read this: it throws while there is none. */
  readonly loggedInUser: UserId;
  /** Of the session that this connection resumed or began. */
  readonly sessionId: Uint8Array;
  readonly isOver: boolean;
  readonly authentication: Authentication;
  readonly passwordChange: PasswordChange;
  readonly membershipChanges: MembershipChanges;
  /** The group, if the user is a member of it; then this connection gets its messages too. */
  memberOf(id: GroupId): Promise<FollowedGroup | undefined>;
  /** A group whose messages this connection gets. */
  entered(id: GroupId): FollowedGroup | undefined;
  /** Subscribes to all of the user's groups. */
  enterGroups(): Promise<EnteredGroup[]>;
  /** Does what takes a while; false, and nothing is done, when as much as is allowed is under way already. */
  whileInFlight(work: () => Promise<void>): boolean;
}

export interface EnteredGroup {
  readonly group: FollowedGroup;
  readonly readSeq: Seq;
}

/** What is answered at once, however many other requests of the connection are under way. */
export interface AtOnce<Kind extends RequestKind> {
  atOnce(asker: Asker, asked: Asked[Kind]): Answer<Kind>;
}
export type Handler<Kind extends RequestKind> =
  | ((asker: Asker, asked: Asked[Kind]) => Promise<Answer<Kind>>)
  | AtOnce<Kind>;

/** Handlers of some requests, by kind; the number of a request is handled where they are called. */
export type Handlers<Kinds extends RequestKind> = { readonly [Kind in Kinds]: Handler<Kind> };

/** Handlers of frames that are not answered. */
export type PostHandlers<Kinds extends PostKind> = {
  readonly [Kind in Kinds]: (asker: Asker, frame: PostFrame<Kind>) => void;
};
