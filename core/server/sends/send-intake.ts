import { messageOf } from "../../platform/failure.ts";
import { copyBytes, writeUint64 } from "../../wire/bytes.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import type { ClientMessageId, GroupId, UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { messageTypes, type SendFrame } from "../../wire/send-frame.ts";
import { encodeServerFrame } from "../../wire/server-frame.ts";
import { type MembershipParts, refreshGroup } from "../groups/changes.ts";
import type { GroupDirectory } from "../groups/group-directory.ts";
import { busyRetryMs } from "../requests/refusal.ts";
import type { ServerContext } from "../server-context.ts";
import type { ArrivedMessage, FollowedGroup, SendRefusal, Session } from "../sessions/session.ts";
import { SendTurns } from "./send-turns.ts";

type ArrivedFrame = ArrivedMessage & SendFrame;

/** A message that was refused with one of these codes keeps its turn: it is to come again, and those sent behind it wait for it. */
const turnIsKept: ReadonlySet<ErrorCode> = new Set(["rate_limited", "busy", "stale_epoch", "rekey_needed"]);

/**
 * A user over their budget waits until the budget has regained what it gains in this time, so that messages come in portions, not
 * one by one.
 */
const portionSeconds = 0.25;

/** What taking in SENDs needs of a server. */
interface SendParts
  extends MembershipParts,
    Pick<ServerContext, "clock" | "counters" | "limits" | "log" | "sendBudgets" | "writer"> {
  readonly groups: MembershipParts["groups"] & Pick<GroupDirectory, "get">;
}

/** The connection from which SENDs come. */
export interface Sender extends Session {
  readonly server: SendParts;
  readonly isOver: boolean;
  /** The group, if the user is a member of it; the connection is subscribed to it from then on. */
  memberOf(id: GroupId): Promise<FollowedGroup | undefined>;
  /** Runs work that takes a while; answers false, and does not run it, when as much as is allowed is under way already. */
  whileInFlight(work: () => Promise<void>): boolean;
}

/**
 * Takes one connection's SENDs into the batch that fills: it checks that it is a message's turn, that the user is a member and
 * within their budget, and that the epoch is the group's.
 */
export class SendIntake {
  readonly #sender: Sender;
  /** The number of messages so far; a message that comes again is not counted again. */
  #count = 0;
  #turns: SendTurns | undefined;
  /** SENDs that wait for their group to be read, by group, in the order in which they came. */
  #waiting: Map<GroupId, ArrivedFrame[]> | undefined;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** A SEND arrived from the connection's user; its payload is valid during the call only. */
  received(sent: SendFrame, user: UserId): void {
    const { server } = this.#sender;
    server.counters.sends++;
    const { group: id, clientMessageId, type, skipsRefused } = sent;
    const frame = { ...sent, turn: this.#turns?.numberOf(id, clientMessageId) ?? this.#count++ };
    if (skipsRefused && type === messageTypes.application) this.#turns?.skipTo(id, frame.turn);
    if (frame.payload.length > limits.payloadBytesMax) return this.reject(frame, { code: "payload_too_large" });
    if (!this.#mayPass(frame, user)) return;
    const group = server.groups.get(id);
    // Rarely this server does not know yet: the user has just joined the group, or another server has just begun the epoch.
    if (this.#waiting?.has(id) || !group?.sessions.has(this.#sender) || frame.epoch > group.epoch) {
      return this.#takeInOnceKnown({ ...frame, payload: copyBytes(frame.payload) }, user);
    }
    const refusal = this.#takeIn(frame, group, user);
    if (refusal) this.reject(frame, refusal);
  }

  /** Sends the client a `reject` for a message. A message that may come again keeps its turn. */
  reject({ group, clientMessageId, type, turn }: ArrivedMessage, refusal: SendRefusal): void {
    const { server, connection, isOver } = this.#sender;
    server.counters.rejected(refusal.code);
    if (type === messageTypes.application) {
      const { code, retryAfterMs = 0 } = refusal;
      if (turnIsKept.has(code)) {
        this.#turns ??= new SendTurns();
        this.#turns.refused(group, clientMessageId, turn, server.clock.monotonic() + retryAfterMs);
      } else this.#turns?.ended(group, clientMessageId);
    }
    if (isOver) return;
    const id = new Uint8Array(8);
    writeUint64(id, 0, clientMessageId);
    connection.send(encodeServerFrame({ kind: "reject", group, clientMessageId: id, ...refusal }));
  }

  /** A message is stored: no other waits for it any more, also when it came twice and was refused once. */
  stored(group: GroupId, id: ClientMessageId): void {
    this.#turns?.ended(group, id);
  }

  /** Whether it is the message's turn, and the user is within their budget; if not, it refuses the message. */
  #mayPass(frame: ArrivedMessage, user: UserId): boolean {
    const { server } = this.#sender;
    const now = server.clock.monotonic();
    const { burst, perSecond } = server.limits.sends;
    const budget = server.sendBudgets.of(user, now);
    const before = this.#turnsBefore(frame);
    if (before > 0 && this.#turns?.isMissed(frame.group, frame.turn, now)) {
      const detail = `a message to ${frame.group} that was refused has not come again, and others have`;
      this.#sender.end("turn_missed", detail);
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

  /** How many refused messages have to come again before this one may be taken in. */
  #turnsBefore({ group, type, turn }: ArrivedMessage): number {
    // A handshake message leads to the next key, under which refused messages are to be sealed: it cannot wait for them.
    if (!this.#turns || type !== messageTypes.application) return 0;
    return this.#turns.before(group, turn);
  }

  /** The refusal of a message before which others have their turns. */
  #isBehind(group: GroupId): SendRefusal {
    const now = this.#sender.server.clock.monotonic();
    return { code: "busy", retryAfterMs: this.#turns?.behindMs(group, now) ?? busyRetryMs };
  }

  /** Keeps a message until its group has been read, and takes it in then: messages of a group stay in their order. */
  #takeInOnceKnown(frame: ArrivedFrame, user: UserId): void {
    this.#waiting ??= new Map();
    const waiting = this.#waiting.get(frame.group);
    const isTaken = waiting
      ? waiting.length < limits.requestsInFlightMax && waiting.push(frame) > 0
      : this.#sender.whileInFlight(() => this.#readGroupFor(frame, user));
    if (!isTaken) this.reject(frame, { code: "busy", retryAfterMs: busyRetryMs });
  }

  /** Reads the group of a message, and takes in that message and those that have come behind it meanwhile. */
  async #readGroupFor(first: ArrivedFrame, user: UserId): Promise<void> {
    const { server } = this.#sender;
    const id = first.group;
    const frames = [first];
    this.#waiting?.set(id, frames);
    try {
      let group = await this.#sender.memberOf(id);
      for (let frame = frames[0]; frame; frames.shift(), frame = frames[0]) {
        if (group && frame.epoch > group.epoch) group = await refreshGroup(server, id);
        const refusal = this.#turnsBefore(frame) > 0 ? this.#isBehind(id) : this.#takeIn(frame, group, user);
        if (refusal) this.reject(frame, refusal);
      }
    } catch (cause) {
      server.log.warn({ cause: messageOf(cause) }, "a group could not be read for a SEND");
      for (const frame of frames.splice(0)) this.reject(frame, { code: "busy", retryAfterMs: busyRetryMs });
    } finally {
      this.#waiting?.delete(id);
    }
  }

  /** Takes a message in; answers why not, if it does not. */
  #takeIn(frame: ArrivedFrame, group: FollowedGroup | undefined, user: UserId): SendRefusal | undefined {
    const { server } = this.#sender;
    const { clientMessageId, epoch, type, payload, resend, turn } = frame;
    if (!group?.members.has(user)) return { code: "not_a_member" };
    if (epoch !== group.epoch) return { code: "stale_epoch", epoch: group.epoch };
    const sentAt = server.clock.now();
    const message = { group: group.id, sender: user, clientMessageId, epoch, type, sentAt, payload, resend, turn };
    if (!server.writer.append(message, this.#sender)) return { code: "busy", retryAfterMs: busyRetryMs };
    this.#turns?.ended(group.id, clientMessageId);
    return undefined;
  }
}
