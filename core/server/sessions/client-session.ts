import { messageOf } from "../../platform/failure.ts";
import type { GroupOfUser } from "../../store/groups.ts";
import { copyBytes, writeUint64 } from "../../wire/bytes.ts";
import { type ClientFrame, type ColdClientFrame, parseClientFrame, type RequestKind } from "../../wire/client-frame.ts";
import { type ErrorCode, errorCodes } from "../../wire/errors.ts";
import { type ClientMessageId, type GroupId, minSeq, type Seq, seqBeforeFirst, type UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { messageTypes, type SendFrame } from "../../wire/send-frame.ts";
import { type ColdServerFrame, encodeServerFrame } from "../../wire/server-frame.ts";
import { groupOfMember, refreshGroup } from "../groups/changes.ts";
import type { WatchedGroup } from "../groups/group-directory.ts";
import { type AccountHolder, fetchBackup, logOut, saveBackup } from "../requests/account.ts";
import { Authentication } from "../requests/authentication.ts";
import { sync } from "../requests/history.ts";
import { findUsers, groupsOf, keys, log } from "../requests/lookups.ts";
import { MembershipChanges } from "../requests/membership-changes.ts";
import { PasswordChange } from "../requests/password-change.ts";
import { busyRetryMs, type ErrorFrame, type Reply, refusal } from "../requests/reply.ts";
import type { ServerContext } from "../server-context.ts";
import type { Connection } from "../transport/transport.ts";
import { SendTurns } from "./send-turns.ts";
import type { Session } from "./tokens.ts";

/** As much of a SEND as names it, and its turn among those of its connection. */
export interface ArrivedMessage extends Pick<SendFrame, "group" | "clientMessageId" | "type"> {
  readonly turn: number;
}

type ArrivedFrame = ArrivedMessage & SendFrame;

/** Why a SEND was not stored. */
export type SendRefusal = Omit<Extract<ColdServerFrame, { kind: "reject" }>, "kind" | "group" | "clientMessageId">;

/** A message that was refused for one of these is to come again: what was sent behind it has to wait for it. */
const passing: ReadonlySet<ErrorCode> = new Set(["rate_limited", "busy", "stale_epoch", "rekey_needed"]);

/** A user over their budget is told to wait until there is as much again as comes in this time, not one at a time. */
const portionSeconds = 0.25;

/**
 * One connection, from its first frame to its end: nobody at first, a user once it has logged in. Ten thousand of them lie
 * idle on a server, so what only some need is made when they need it.
 */
export class ClientSession {
  readonly connection: Connection;
  /** Undefined until logged in. */
  user: UserId | undefined;
  readonly #server: ServerContext;
  /** What logs it in; none any more once that is done. */
  #authentication: Authentication | undefined;
  /** The id of the session whose token resumed it or was given out, in latin1: a fifth of what bytes would take. */
  #sessionId = "";
  #byPassword = false;
  #passwordChange: PasswordChange | undefined;
  #changes: MembershipChanges | undefined;
  #groups: WatchedGroup[] | undefined;
  #looksAt: Set<WatchedGroup> | undefined;
  /** SENDs so far, but for those that came again. */
  #sends = 0;
  #turns: SendTurns | undefined;
  /** SENDs for groups that are being read for their sake, by group, in the order in which they came. */
  #unplaced: Map<GroupId, ArrivedFrame[]> | undefined;
  #requestsInFlight = 0;
  #ended = false;

  constructor(server: ServerContext, connection: Connection) {
    this.#server = server;
    this.connection = connection;
  }

  /** A frame arrived; it is valid during the call only. */
  received(bytes: Uint8Array): void {
    if (this.#ended) return;
    const parsed = parseClientFrame(bytes);
    if (!parsed.ok) return this.#fail(parsed.reason.code, parsed.reason.detail);
    const frame = parsed.value;
    if (this.user === undefined) this.#receivedFromNobody(frame);
    else if (frame.kind === "send") this.#send(frame, this.user);
    else this.#receivedFromUser(frame, this.user);
  }

  /** The connection has ended. */
  closed(): void {
    this.#ended = true;
    if (this.user === undefined) return;
    for (const group of this.#looksAt ?? []) this.#server.presence.close(this, group);
    for (const group of this.#groups ?? []) {
      this.#server.groups.leave(group, this);
      this.#server.presence.stir(group.id);
    }
    this.#server.users.delete(this.user, this);
  }

  /** The server is about to stop. */
  goAway(): void {
    this.connection.send(encodeServerFrame({ kind: "goAway", reason: "draining" }));
  }

  /** Whether this connection resumed or began the session with this id. */
  isOfSession(id: Uint8Array): boolean {
    return this.#sessionId === Buffer.from(id).toString("latin1");
  }

  /** Ends the connection for a reason that the client is told. */
  end(code: ErrorCode, detail: string): void {
    this.#fail(code, detail);
  }

  /** The connection is this user's from now on; false when it is somebody's already, or has ended. */
  authenticated({ id, user }: Session, byPassword: boolean): boolean {
    if (this.#ended || this.user !== undefined) return false;
    this.user = user;
    this.#sessionId = Buffer.from(id).toString("latin1");
    this.#byPassword = byPassword;
    this.#authentication = undefined;
    this.#server.strangers.delete(this);
    this.#server.users.add(user, this);
    return true;
  }

  /** Tells the client that a message was not stored, and why. One that may come again keeps its turn. */
  reject({ group, clientMessageId, type, turn }: ArrivedMessage, rejection: SendRefusal): void {
    this.#server.counters.rejected(rejection.code);
    if (type === messageTypes.application) {
      const { code, retryAfterMs = 0 } = rejection;
      if (passing.has(code)) {
        this.#turns ??= new SendTurns();
        this.#turns.refused(group, clientMessageId, turn, this.#server.clock.monotonic() + retryAfterMs);
      } else this.#turns?.ended(group, clientMessageId);
    }
    const id = new Uint8Array(8);
    writeUint64(id, 0, clientMessageId);
    this.#reply({ kind: "reject", group, clientMessageId: id, ...rejection });
  }

  /** A message of this connection is on disk; nobody waits for it any more, also when it came twice and was refused once. */
  stored(group: GroupId, id: ClientMessageId): void {
    this.#turns?.ended(group, id);
  }

  /** The group's rows are ahead of what this server knows. */
  noteBehind(id: GroupId): void {
    refreshGroup(this.#server, id).catch((cause) => {
      this.#server.log.debug({ cause: messageOf(cause), group: id }, "a group could not be read again");
    });
  }

  /** Subscribes to a group's messages; false when it has been already. */
  enterGroup(group: WatchedGroup): boolean {
    if (this.#ended || group.sessions.has(this)) return false;
    this.#groups ??= [];
    this.#groups.push(group);
    this.connection.subscribe(group.topic);
    this.#server.groups.enter(group, this);
    this.#server.presence.stir(group.id);
    return true;
  }

  leaveGroup(group: WatchedGroup): void {
    if (this.#looksAt?.delete(group)) this.#server.presence.close(this, group);
    if (!group.sessions.has(this)) return;
    this.#groups = this.#groups?.filter((other) => other !== group);
    this.connection.unsubscribe(group.topic);
    this.#server.groups.leave(group, this);
    this.#server.presence.stir(group.id);
  }

  /**
   * Subscribes to all of the user's groups, and answers those that it is subscribed to then: also one that the user was
   * let into while their memberships were being read, of which the client has been told already.
   */
  async enterGroups(): Promise<{ group: WatchedGroup; readSeq: Seq }[]> {
    const user = this.user as UserId;
    const memberships: readonly GroupOfUser[] = (await this.#server.memberships.get(user)) ?? [];
    await Promise.all(memberships.map(({ group: id }) => this.memberOf(id)));
    const readSeqs = new Map(memberships.map(({ group, readSeq }) => [group, readSeq]));
    return [...(this.#groups ?? [])].map((group) => ({ group, readSeq: readSeqs.get(group.id) ?? seqBeforeFirst }));
  }

  /** The group, if the user is a member of it; then this connection gets its messages too. */
  async memberOf(id: GroupId): Promise<WatchedGroup | undefined> {
    if (this.user === undefined) return undefined;
    const group = await groupOfMember(this.#server, id, this.user);
    if (group) this.enterGroup(group);
    return group;
  }

  #receivedFromNobody(frame: ClientFrame): void {
    this.#authentication ??= new Authentication(this.#server, this);
    const authentication = this.#authentication;
    switch (frame.kind) {
      case "signUpStart":
        return this.#answer(frame, () => authentication.signUpStart(frame));
      case "signUpFinish":
        return this.#answer(frame, () => authentication.signUpFinish(frame));
      case "logInStart":
        return this.#answer(frame, () => authentication.logInStart(frame));
      case "logInFinish":
        return this.#answer(frame, () => authentication.logInFinish(frame));
      case "resume":
        return this.#answerNow(frame, authentication.resume(frame));
      case "ping":
        return this.#answerNow(frame, { kind: "pong", request: frame.request });
      default:
        return this.#fail("not_authenticated", `${frame.kind} before login`);
    }
  }

  #receivedFromUser(frame: ColdClientFrame, user: UserId): void {
    switch (frame.kind) {
      case "signUpStart":
      case "signUpFinish":
      case "logInStart":
      case "logInFinish":
      case "resume":
        return this.#reply(refusal(frame.request, "already_authenticated", `this connection is user ${user}'s`));
      case "logOut":
        return this.#answer(frame, () => logOut(this.#server, this.#holder(user), frame.request));
      case "fetchBackup":
        return this.#answer(frame, () => fetchBackup(this.#server, this.#holder(user), frame.request));
      case "saveBackup":
        return this.#answer(frame, () => saveBackup(this.#server, this.#holder(user), frame));
      case "passwordStart":
        return this.#answer(frame, () => this.#passwordChangeOf(user).start(frame));
      case "passwordFinish":
        return this.#answer(frame, () => this.#passwordChangeOf(user).finish(frame));
      case "findUsers":
        return this.#answer(frame, () => findUsers(this.#server, frame));
      case "groups":
        return this.#answer(frame, () => groupsOf(this, frame));
      case "stageKeys":
        return this.#answerNow(frame, this.#changesOf(user).stageKeys(frame));
      case "change":
        return this.#answer(frame, () => this.#changesOf(user).change(frame));
      case "log":
        return this.#answer(frame, () => log(this.#server, this, frame));
      case "keys":
        return this.#answer(frame, () => keys(this.#server, this, frame));
      case "sync":
        return this.#answer(frame, () => sync(this.#server, this, frame));
      case "read": {
        const group = this.#entered(frame.group);
        const seq = minSeq(frame.seq, group?.lastSeq ?? seqBeforeFirst);
        if (group) this.#server.presence.read({ group: group.id, user, seq });
        return;
      }
      case "open":
        return void this.#open(frame.group);
      case "close": {
        const group = this.#entered(frame.group);
        if (group && this.#looksAt?.delete(group)) this.#server.presence.close(this, group);
        return;
      }
      case "typing": {
        const group = this.#entered(frame.group);
        if (group) this.#server.presence.typing(group.id, user);
        return;
      }
      case "ping":
        return this.#answerNow(frame, { kind: "pong", request: frame.request });
      default:
        frame satisfies never;
    }
  }

  #send(sent: SendFrame, user: UserId): void {
    const server = this.#server;
    server.counters.sends++;
    const { group: id, clientMessageId, type, skipsRefused } = sent;
    const frame = { ...sent, turn: this.#turns?.numberOf(id, clientMessageId) ?? this.#sends++ };
    if (skipsRefused && type === messageTypes.application) this.#turns?.skipTo(id, frame.turn);
    if (frame.payload.length > limits.payloadBytesMax) return this.reject(frame, { code: "payload_too_large" });
    if (!this.#mayPass(frame, user)) return;
    const group = server.groups.get(id);
    // The rare ways in which this server may not know yet: a group just joined, an epoch just opened elsewhere.
    if (this.#unplaced?.has(id) || !group?.sessions.has(this) || frame.epoch > group.epoch) {
      return this.#sendOnceKnown({ ...frame, payload: copyBytes(frame.payload) }, user);
    }
    const rejection = this.#takeIn(frame, group, user);
    if (rejection) this.reject(frame, rejection);
  }

  /** Whether it is the message's turn, and within the user's budget; otherwise it has been refused. */
  #mayPass(frame: ArrivedMessage, user: UserId): boolean {
    const now = this.#server.clock.monotonic();
    const { burst, perSecond } = this.#server.limits.sends;
    const budget = this.#server.sendBudgets.of(user, now);
    const before = this.#turnsBefore(frame);
    if (before > 0 && this.#turns?.isMissed(frame.group, frame.turn, now)) {
      this.#fail("turn_missed", `a message to ${frame.group} that was refused has not come again, and others have`);
      return false;
    }
    if (before === 0 && budget.take(now) === 0) return true;
    const portion = Math.min(burst, Math.ceil(portionSeconds * perSecond));
    const waitMs = budget.msUntil(before + portion, now);
    this.reject(
      frame,
      waitMs === 0
        ? this.#isBehind(frame.group)
        : {
            code: "rate_limited",
            retryAfterMs: waitMs,
            remaining: budget.availableIn(waitMs, now),
            resetMs: budget.msUntil(burst, now),
          },
    );
    return false;
  }

  /** How many messages have to come again before this one may be taken in. */
  #turnsBefore({ group, type, turn }: ArrivedMessage): number {
    // What leads to the next key cannot wait for what is to be sealed under it.
    if (!this.#turns || type !== messageTypes.application) return 0;
    return this.#turns.before(group, turn);
  }

  /** Why a message is not taken in as long as others have their turns before it. */
  #isBehind(group: GroupId): SendRefusal {
    return { code: "busy", retryAfterMs: this.#turns?.behindMs(group, this.#server.clock.monotonic()) ?? busyRetryMs };
  }

  /** In the order in which they came, also when the first is known to be good only after a look at the database. */
  #sendOnceKnown(frame: ArrivedFrame, user: UserId): void {
    this.#unplaced ??= new Map();
    const unplaced = this.#unplaced.get(frame.group);
    const isTooMuch = (unplaced?.length ?? 0) >= limits.requestsInFlightMax;
    if (isTooMuch || (!unplaced && this.#requestsInFlight >= limits.requestsInFlightMax)) {
      return this.reject(frame, { code: "busy", retryAfterMs: busyRetryMs });
    }
    if (unplaced) return void unplaced.push(frame);
    const frames = [frame];
    this.#unplaced.set(frame.group, frames);
    this.#requestsInFlight++;
    void this.#placeAll(frame.group, frames, user).finally(() => {
      this.#unplaced?.delete(frame.group);
      this.#requestsInFlight--;
    });
  }

  /** Takes in what came for a group that had to be read, and what has come behind it meanwhile. */
  async #placeAll(id: GroupId, frames: ArrivedFrame[], user: UserId): Promise<void> {
    try {
      let group = await this.memberOf(id);
      for (let frame = frames[0]; frame; frames.shift(), frame = frames[0]) {
        if (group && frame.epoch > group.epoch) group = await refreshGroup(this.#server, id);
        const rejection = this.#turnsBefore(frame) > 0 ? this.#isBehind(id) : this.#takeIn(frame, group, user);
        if (rejection) this.reject(frame, rejection);
      }
    } catch (cause) {
      this.#server.log.warn({ cause: messageOf(cause) }, "a group could not be read for a SEND");
      for (const frame of frames.splice(0)) this.reject(frame, { code: "busy", retryAfterMs: busyRetryMs });
    }
  }

  /** Why not, when the message was not taken in. */
  #takeIn(frame: ArrivedFrame, group: WatchedGroup | undefined, user: UserId): SendRefusal | undefined {
    const { clientMessageId, epoch, type, payload, resend, turn } = frame;
    if (!group?.members.has(user)) return { code: "not_a_member" };
    if (epoch !== group.epoch) return { code: "stale_epoch", epoch: group.epoch };
    const sentAt = this.#server.clock.now();
    const message = { group: group.id, sender: user, clientMessageId, epoch, type, sentAt, payload, resend, turn };
    if (!this.#server.writer.append(message, this)) return { code: "busy", retryAfterMs: busyRetryMs };
    this.#turns?.ended(group.id, clientMessageId);
    return undefined;
  }

  #holder(user: UserId): AccountHolder {
    return { connection: this, user, sessionId: Buffer.from(this.#sessionId, "latin1"), byPassword: this.#byPassword };
  }

  #passwordChangeOf(user: UserId): PasswordChange {
    this.#passwordChange ??= new PasswordChange(this.#server, this.#holder(user));
    return this.#passwordChange;
  }

  #changesOf(user: UserId): MembershipChanges {
    this.#changes ??= new MembershipChanges(this.#server, user);
    return this.#changes;
  }

  /** A group whose messages this connection gets. */
  #entered(id: GroupId): WatchedGroup | undefined {
    const group = this.#server.groups.get(id);
    return group?.sessions.has(this) ? group : undefined;
  }

  /** Not answered, so what is too much at once is let fall; `open` once more brings everything. */
  async #open(id: GroupId): Promise<void> {
    if (this.#requestsInFlight >= limits.requestsInFlightMax) return;
    this.#requestsInFlight++;
    try {
      const group = await this.memberOf(id);
      if (!group || this.#ended || this.#looksAt?.has(group)) return;
      this.#looksAt ??= new Set();
      this.#looksAt.add(group);
      await this.#server.presence.open(this, group);
    } catch (cause) {
      this.#server.log.warn({ cause: messageOf(cause), group: id }, "presence and cursors could not be read");
    } finally {
      this.#requestsInFlight--;
    }
  }

  /** Answers a request that takes a while; the connection's other frames do not wait for it. */
  #answer<Kind extends RequestKind>(
    { request }: { readonly kind: Kind; readonly request: number },
    work: () => Promise<Reply<NoInfer<Kind>>>,
  ): void {
    if (this.#requestsInFlight >= limits.requestsInFlightMax) {
      const detail = `${limits.requestsInFlightMax} requests of this connection are not answered yet`;
      return this.#reply(refusal(request, "busy", detail, busyRetryMs));
    }
    this.#requestsInFlight++;
    void work()
      .catch((cause: unknown) => this.#failed(request, cause))
      .then((frame) => {
        this.#requestsInFlight--;
        this.#reply(frame);
      });
  }

  #answerNow<Kind extends RequestKind>(_: { readonly kind: Kind }, reply: Reply<NoInfer<Kind>>): void {
    this.#reply(reply);
  }

  #failed(request: number, cause: unknown): ErrorFrame {
    if (this.#server.isDatabaseAway(cause)) {
      this.#server.log.warn({ cause: messageOf(cause) }, "a request found the database away");
      return refusal(request, "busy", "the database is away", busyRetryMs);
    }
    this.#server.log.error({ err: cause }, "a request failed");
    return refusal(request, "internal", "the server could not do this; its log has the cause", busyRetryMs);
  }

  #reply(frame: ColdServerFrame): void {
    if (!this.#ended) this.connection.send(encodeServerFrame(frame));
  }

  #fail(code: ErrorCode, detail: string): void {
    this.#server.log.debug(
      { code, detail, user: this.user, from: this.connection.remoteAddress },
      "a connection failed",
    );
    this.#reply({ kind: "error", code, detail });
    this.#ended = true;
    this.connection.end(errorCodes[code].closeCode ?? 1008, code);
  }
}
