import type { Cancel, Clock } from "../../platform/clock.ts";
import { encodeClientFrame } from "../../wire/client-frame.ts";
import type { GroupId, Seq, UserId } from "../../wire/ids.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import type { Notice } from "../mail/server-link.ts";

export interface OpenGroupsEvents {
  /** Who of an open group is online, whenever that changes; nobody is known to be without a connection. */
  presence?(group: GroupId, online: ReadonlySet<UserId>): void;
  /** How far everybody has read an open group who has read anything, whenever that changes. */
  cursors?(group: GroupId, cursors: ReadonlyMap<UserId, Seq>): void;
  /** Somebody else is writing something to an open group; said again while they go on. */
  typing?(group: GroupId, user: UserId): void;
}

interface OpenGroup {
  readonly online: Set<UserId>;
  readonly cursors: Map<UserId, Seq>;
  /** Until the server has begun to tell. */
  cancelAgain: Cancel | undefined;
}

/** A server with too much to do lets `open` fall. */
const openMsMax = 5000;
/** Between two words about the same: others show it for a little longer than that. */
const typingPeriodMs = 3000;

const nobody: ReadonlySet<UserId> = new Set();
const nothing: ReadonlyMap<UserId, Seq> = new Map();

/** The groups that the user looks at, over all connections: who of them is here, who has read how far, who is writing. */
export class OpenGroups {
  readonly #groups = new Map<GroupId, OpenGroup>();
  /** When the others were last told that the user is writing, on the monotonic clock. */
  readonly #typedAtMs = new Map<GroupId, number>();
  readonly #mailbox: Mailbox;
  readonly #clock: Clock;
  readonly #user: () => UserId | undefined;
  readonly #events: OpenGroupsEvents;

  constructor(by: { mailbox: Mailbox; clock: Clock; user: () => UserId | undefined }, events: OpenGroupsEvents) {
    this.#mailbox = by.mailbox;
    this.#clock = by.clock;
    this.#user = by.user;
    this.#events = events;
  }

  open(group: GroupId): void {
    if (this.#groups.has(group)) return;
    const open = { online: new Set<UserId>(), cursors: new Map<UserId, Seq>(), cancelAgain: undefined };
    this.#groups.set(group, open);
    this.#ask(group, open);
  }

  close(group: GroupId): void {
    const open = this.#groups.get(group);
    if (!open) return;
    open.cancelAgain?.();
    this.#groups.delete(group);
    this.#mailbox.tell(encodeClientFrame({ kind: "close", group }));
  }

  closeAll(): void {
    for (const group of [...this.#groups.keys()]) this.close(group);
  }

  /** The user is writing something; to be called as often as they do. */
  typing(group: GroupId): void {
    if (this.#mailbox.state !== "online") return;
    const now = this.#clock.monotonic();
    const before = this.#typedAtMs.get(group);
    if (before !== undefined && now - before < typingPeriodMs) return;
    this.#typedAtMs.set(group, now);
    this.#mailbox.tell(encodeClientFrame({ kind: "typing", group }));
  }

  online(group: GroupId): ReadonlySet<UserId> {
    return this.#groups.get(group)?.online ?? nobody;
  }

  cursors(group: GroupId): ReadonlyMap<UserId, Seq> {
    return this.#groups.get(group)?.cursors ?? nothing;
  }

  /** The user is a member of this group, over this connection. */
  entered(group: GroupId): void {
    const open = this.#groups.get(group);
    if (open) this.#ask(group, open);
  }

  /** The connection has broken. */
  interrupted(): void {
    for (const group of this.#groups.keys()) this.left(group);
  }

  /** The group tells nothing any more, until it is entered again. */
  left(group: GroupId): void {
    const open = this.#groups.get(group);
    if (!open) return;
    open.cancelAgain?.();
    open.cancelAgain = undefined;
    if (open.online.size === 0) return;
    open.online.clear();
    this.#events.presence?.(group, open.online);
  }

  noticed(notice: Notice): void {
    switch (notice.kind) {
      case "presence": {
        const open = this.#told(notice.group);
        if (!open) return;
        for (const user of notice.online) open.online.add(user);
        for (const user of notice.offline) open.online.delete(user);
        return this.#events.presence?.(notice.group, open.online);
      }
      case "cursors": {
        const open = this.#told(notice.group);
        if (!open) return;
        for (const [user, seq] of notice.cursors) {
          if (seq > (open.cursors.get(user) ?? 0)) open.cursors.set(user, seq);
        }
        return this.#events.cursors?.(notice.group, open.cursors);
      }
      case "typing":
        if (!this.#groups.has(notice.group)) return;
        for (const user of notice.users) if (user !== this.#user()) this.#events.typing?.(notice.group, user);
        return;
      default:
    }
  }

  /** A group of which the server has told something, if it is open. */
  #told(group: GroupId): OpenGroup | undefined {
    const open = this.#groups.get(group);
    open?.cancelAgain?.();
    if (open) open.cancelAgain = undefined;
    return open;
  }

  #ask(group: GroupId, open: OpenGroup): void {
    open.cancelAgain?.();
    open.cancelAgain = undefined;
    if (!this.#mailbox.groups.has(group) || this.#mailbox.state !== "online") return;
    this.#mailbox.tell(encodeClientFrame({ kind: "open", group }));
    open.cancelAgain = this.#clock.after(openMsMax, () => this.#ask(group, open));
  }
}
