import type { Cancel, Clock } from "../../platform/clock.ts";
import { encodeClientFrame } from "../../wire/client-frame.ts";
import type { GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { ActivityNotice, Mailbox } from "../mail/mailbox.ts";

export interface WatchedGroupsEvents {
  /** The members of a watched group who are online, whenever that changes; empty while there is no connection. */
  presence?(group: GroupId, online: ReadonlySet<UserId>): void;
  /** The read cursors of a watched group's members, whenever one changes. */
  cursors?(group: GroupId, cursors: ReadonlyMap<UserId, Seq>): void;
  /** Somebody else is writing something to a watched group; called again while they go on. */
  typing?(group: GroupId, user: UserId): void;
}

export interface WatchedGroupsParts {
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  /** The client's user, once that is known. */
  user(): UserId | undefined;
}

interface WatchedGroup {
  readonly online: Set<UserId>;
  readonly cursors: Map<UserId, Seq>;
  /** Cancels sending `open` again; set until the server has sent a notice. */
  cancelAgain: Cancel | undefined;
}

/** A busy server drops the frame `open`: the client sends it again when no notice has come for so long. */
const presenceMsMax = 5000;
/** Between two `typing` frames for a group; the other clients show that the user is writing for a little longer than this. */
const typingPeriodMs = 3000;

const nobody: ReadonlySet<UserId> = new Set();
const nothing: ReadonlyMap<UserId, Seq> = new Map();

/** The groups that the user watches, over all connections: who is online, how far members have read, who is writing. */
export class WatchedGroups {
  readonly #groups = new Map<GroupId, WatchedGroup>();
  /** When `typing` was last sent, on the monotonic clock. */
  readonly #typedAtMs = new Map<GroupId, number>();
  readonly #mailbox: Mailbox;
  readonly #clock: Clock;
  readonly #user: () => UserId | undefined;
  readonly #events: WatchedGroupsEvents;

  constructor({ mailbox, clock, user }: WatchedGroupsParts, events: WatchedGroupsEvents) {
    this.#mailbox = mailbox;
    this.#clock = clock;
    this.#user = user;
    this.#events = events;
  }

  watch(group: GroupId): void {
    if (this.#groups.has(group)) return;
    const watched = { online: new Set<UserId>(), cursors: new Map<UserId, Seq>(), cancelAgain: undefined };
    this.#groups.set(group, watched);
    this.#ask(group, watched);
  }

  unwatch(group: GroupId): void {
    const watched = this.#groups.get(group);
    if (!watched) return;
    watched.cancelAgain?.();
    this.#groups.delete(group);
    this.#mailbox.post(encodeClientFrame({ kind: "close", group }));
  }

  unwatchAll(): void {
    for (const group of [...this.#groups.keys()]) this.unwatch(group);
  }

  /** The user is writing something; to be called at each key. */
  typing(group: GroupId): void {
    if (this.#mailbox.state !== "online") return;
    const now = this.#clock.monotonic();
    const before = this.#typedAtMs.get(group);
    if (before !== undefined && now - before < typingPeriodMs) return;
    this.#typedAtMs.set(group, now);
    this.#mailbox.post(encodeClientFrame({ kind: "typing", group }));
  }

  online(group: GroupId): ReadonlySet<UserId> {
    return this.#groups.get(group)?.online ?? nobody;
  }

  cursors(group: GroupId): ReadonlyMap<UserId, Seq> {
    return this.#groups.get(group)?.cursors ?? nothing;
  }

  /** The server counts the user as a member of this group, over the connection that there is now. */
  entered(group: GroupId): void {
    const watched = this.#groups.get(group);
    if (watched) this.#ask(group, watched);
  }

  /** The connection has broken. */
  interrupted(): void {
    for (const group of this.#groups.keys()) this.left(group);
  }

  /** The server sends no notices of the group any more, until it is entered again. */
  left(group: GroupId): void {
    const watched = this.#groups.get(group);
    if (!watched) return;
    watched.cancelAgain?.();
    watched.cancelAgain = undefined;
    if (watched.online.size === 0) return;
    watched.online.clear();
    this.#events.presence?.(group, watched.online);
  }

  noticed(notice: ActivityNotice): void {
    switch (notice.kind) {
      case "presence": {
        const watched = this.#heardOf(notice.group);
        if (!watched) return;
        for (const user of notice.online) watched.online.add(user);
        for (const user of notice.offline) watched.online.delete(user);
        return this.#events.presence?.(notice.group, watched.online);
      }
      case "cursors": {
        const watched = this.#heardOf(notice.group);
        if (!watched) return;
        for (const [user, seq] of notice.cursors) {
          if (seq > (watched.cursors.get(user) ?? 0)) watched.cursors.set(user, seq);
        }
        return this.#events.cursors?.(notice.group, watched.cursors);
      }
      case "typing":
        if (!this.#groups.has(notice.group)) return;
        for (const user of notice.users) if (user !== this.#user()) this.#events.typing?.(notice.group, user);
        return;
      default:
        notice satisfies never;
    }
  }

  /** The server has sent a notice of a group: returns the group if it is watched, and does not ask again. */
  #heardOf(group: GroupId): WatchedGroup | undefined {
    const watched = this.#groups.get(group);
    watched?.cancelAgain?.();
    if (watched) watched.cancelAgain = undefined;
    return watched;
  }

  #ask(group: GroupId, watched: WatchedGroup): void {
    watched.cancelAgain?.();
    watched.cancelAgain = undefined;
    if (!this.#mailbox.groups.has(group) || this.#mailbox.state !== "online") return;
    this.#mailbox.post(encodeClientFrame({ kind: "open", group }));
    watched.cancelAgain = this.#clock.after(presenceMsMax, () => this.#ask(group, watched));
  }
}
