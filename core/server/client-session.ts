import { messageOf } from "../platform/failure.ts";
import { parseClientFrame } from "../wire/client-frame.ts";
import { type ErrorCode, errorCodes } from "../wire/errors.ts";
import type { FrameFault } from "../wire/frame.ts";
import { type ClientMessageId, type GroupId, seqBeforeFirst, type UserId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import { encodeServerFrame } from "../wire/server-frame.ts";
import { groupOfMember, refreshGroup } from "./groups/changes.ts";
import { Authentication } from "./requests/authentication.ts";
import type { Asker, EnteredGroup } from "./requests/handlers.ts";
import { MembershipChanges } from "./requests/membership-changes.ts";
import { PasswordChange } from "./requests/password-change.ts";
import { receive } from "./requests/requests.ts";
import { type Sender, SendIntake } from "./sends/send-intake.ts";
import type { ServerContext } from "./server-context.ts";
import type { ArrivedMessage, FollowedGroup, SendRefusal } from "./sessions/session.ts";
import type { TokenClaims } from "./sessions/tokens.ts";
import type { Connection } from "./transport/transport.ts";

/**
 * One connection, from its first frame to its end: `requests/` answers its requests, its `SendIntake` takes in the messages
 * that it sends. Ten thousand sessions may be idle on a server, so parts that only some need are made when they are needed.
 */
export class ClientSession implements Asker, Sender {
  readonly server: ServerContext;
  readonly connection: Connection;
  /** Undefined until the connection has logged in. */
  user: UserId | undefined;
  /** Undefined once the connection has logged in. */
  #authentication: Authentication | undefined;
  /** The id of the session, as a text in latin1, which takes a fifth of the memory that bytes would take. */
  #sessionId = "";
  #byPassword = false;
  #passwordChange: PasswordChange | undefined;
  #membershipChanges: MembershipChanges | undefined;
  #groups: FollowedGroup[] | undefined;
  /** Whether the client has been sent the list of its user's groups. */
  #hasList = false;
  #sends: SendIntake | undefined;
  #inFlight = 0;
  #ended = false;

  constructor(server: ServerContext, connection: Connection) {
    this.server = server;
    this.connection = connection;
  }

  /** A frame arrived; its bytes are valid during the call only. */
  received(bytes: Uint8Array): void {
    if (this.#ended) return;
    const parsed = parseClientFrame(bytes);
    if (!parsed.ok) return this.#refused(parsed.reason);
    const frame = parsed.value;
    if (frame.kind !== "send") return receive(this, frame);
    if (this.user === undefined) return this.end("not_authenticated", "send before login");
    this.#intake().received(frame, this.user);
  }

  /** The connection has ended. */
  closed(): void {
    this.#ended = true;
    if (this.user === undefined) return;
    const groups = this.#groups ?? [];
    for (const group of groups) this.server.presence.unwatch(this, group);
    for (const group of groups) {
      this.server.groups.leave(group, this);
      this.server.presence.sessionsChanged(group.id);
    }
    this.server.users.delete(this.user, this);
  }

  goAway(): void {
    this.connection.send(encodeServerFrame({ kind: "goAway", reason: "draining" }));
  }

  end(code: ErrorCode, detail: string): void {
    this.server.log.debug(
      { code, detail, user: this.user, from: this.connection.remoteAddress },
      "a connection failed",
    );
    if (!this.#ended) this.connection.send(encodeServerFrame({ kind: "error", code, detail }));
    this.#ended = true;
    this.connection.end(errorCodes[code].closeCode ?? 1008, code);
  }

  /** A frame that cannot be read is answered where it is a request, and otherwise ends the connection. */
  #refused({ code, detail, request }: FrameFault): void {
    if (request === undefined) return this.end(code, detail);
    this.connection.send(encodeServerFrame({ kind: "error", request, code, detail }));
  }

  get isOver(): boolean {
    return this.#ended;
  }

  authenticated({ id, user }: TokenClaims, byPassword: boolean): boolean {
    if (this.#ended || this.user !== undefined) return false;
    this.user = user;
    this.#sessionId = Buffer.from(id).toString("latin1");
    this.#byPassword = byPassword;
    this.#authentication = undefined;
    this.server.strangers.delete(this);
    this.server.users.add(user, this);
    return true;
  }

  get loggedInUser(): UserId {
    if (this.user === undefined) throw new Error("a handler for users got a request of a connection without a user");
    return this.user;
  }

  get sessionId(): Uint8Array {
    return Buffer.from(this.#sessionId, "latin1");
  }

  isOfSession(id: Uint8Array): boolean {
    return this.#sessionId === Buffer.from(id).toString("latin1");
  }

  get authentication(): Authentication {
    this.#authentication ??= new Authentication(this.server, this);
    return this.#authentication;
  }

  get passwordChange(): PasswordChange {
    const { sessionId, loggedInUser: user } = this;
    this.#passwordChange ??= new PasswordChange(this.server, { user, sessionId, byPassword: this.#byPassword });
    return this.#passwordChange;
  }

  get membershipChanges(): MembershipChanges {
    this.#membershipChanges ??= new MembershipChanges(this.server, this.loggedInUser);
    return this.#membershipChanges;
  }

  reject(message: ArrivedMessage, refusal: SendRefusal): void {
    this.#intake().reject(message, refusal);
  }

  stored(group: GroupId, id: ClientMessageId): void {
    this.#sends?.stored(group, id);
  }

  noteBehind(id: GroupId): void {
    refreshGroup(this.server, id).catch((cause) => {
      this.server.log.debug({ cause: messageOf(cause), group: id }, "a group could not be read again");
    });
  }

  enterGroup(group: FollowedGroup): boolean {
    if (this.#ended || group.sessions.has(this)) return false;
    this.#groups ??= [];
    this.#groups.push(group);
    this.connection.subscribe(group.topic);
    this.server.groups.enter(group, this);
    this.server.presence.sessionsChanged(group.id);
    return true;
  }

  leaveGroup(group: FollowedGroup): void {
    this.server.presence.unwatch(this, group);
    if (!group.sessions.has(this)) return;
    this.#groups = this.#groups?.filter((other) => other !== group);
    this.connection.unsubscribe(group.topic);
    this.server.groups.leave(group, this);
    this.server.presence.sessionsChanged(group.id);
  }

  /**
   * Subscribes to all of the user's groups. The result lists the groups to which the connection is subscribed when it is called. A group
   * to which the user was admitted while the memberships were being read is among them: the client has got its `joined` notice already.
   */
  async enterGroups(): Promise<() => EnteredGroup[]> {
    const memberships = (await this.server.memberships.get(this.loggedInUser)) ?? [];
    await Promise.all(memberships.map(({ group: id }) => this.memberOf(id)));
    const readSeqs = new Map(memberships.map(({ group, readSeq }) => [group, readSeq]));
    return () => {
      this.#hasList = true;
      return (this.#groups ?? []).map((group) => ({ group, readSeq: readSeqs.get(group.id) ?? seqBeforeFirst }));
    };
  }

  async memberOf(id: GroupId): Promise<FollowedGroup | undefined> {
    if (this.user === undefined) return undefined;
    // The list is the database's. This server may not have heard yet of a removal that the list took into account.
    const isNewToClient = this.#hasList && !this.entered(id);
    const group = isNewToClient ? await refreshGroup(this.server, id) : await groupOfMember(this.server, id, this.user);
    // A change that was applied before this continuation ran may have removed the user.
    if (!group?.members.has(this.user)) return undefined;
    this.enterGroup(group);
    return group;
  }

  entered(id: GroupId): FollowedGroup | undefined {
    const group = this.server.groups.get(id);
    return group?.sessions.has(this) ? group : undefined;
  }

  whileInFlight(work: () => Promise<void>): boolean {
    if (this.#inFlight >= limits.requestsInFlightMax) return false;
    this.#inFlight++;
    void work().finally(() => this.#inFlight--);
    return true;
  }

  #intake(): SendIntake {
    this.#sends ??= new SendIntake(this);
    return this.#sends;
  }
}
