import type { Cancel, Clock } from "../../platform/clock.ts";
import { encodeClientFrame } from "../../wire/client-frame.ts";
import type { GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { ActivityNotice, Mailbox } from "../mail/mailbox.ts";

export interface WatchedGroupsEvents {
  /** Who of a watched group is online, whenever that changes; nobody is known to be without a connection. */
  presence?(group: GroupId, online: ReadonlySet<UserId>): void;
  /** How far everybody has read a watched group who has read anything, whenever that changes. */
  cursors?(group: GroupId, cursors: ReadonlyMap<UserId, Seq>): void;
  /** Somebody else is writing something to a watched group; said again while they go on. */
  typing?(group: GroupId, user: UserId): void;
}

export interface WatchedGroupsParts {
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  /** Who the client is of, once that is known. */
  user(): UserId | undefined;
}

interface WatchedGroup {
  readonly online: Set<UserId>;
  readonly cursors: Map<UserId, Seq>;
  /** Until the server has sent the first notice. */
  cancelAgain: Cancel | undefined;
}

/** A server with too much to do drops the frame `open`: it is sent again when no presence has come for so long. */
const presenceMsMax = 5000;
/** Between two words about the same: others show it for a little longer than that. */
const typingPeriodMs = 3000;

const nobody: ReadonlySet<UserId> = new Set();
const nothing: ReadonlyMap<UserId, Seq> = new Map();

/** The groups that the user looks at, over all connections: who of them is here, who has read how far, who is writing. */
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

  /** The user is writing something; to be called as often as they do. */
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

  /** The user is a member of this group, over this connection. */
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

  /** A group of which the server has sent a notice, if it is watched. */
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
