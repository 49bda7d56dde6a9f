import type { Cancel, Clock } from "../platform/clock.ts";
import { encodeClientFrame } from "../wire/client-frame.ts";
import type { GroupId, Seq, UserId } from "../wire/ids.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Notice } from "./server-link.ts";

export interface OpenGroupsEvents {
  /** Who of an open group is online, whenever that changes; nobody is known to be without a connection. */
  presence?(group: GroupId, online: ReadonlySet<UserId>): void;
  /** How far everybody has read an open group who has read anything, whenever that changes. */
  cursors?(group: GroupId, cursors: ReadonlyMap<UserId, Seq>): void;
}

interface OpenGroup {
  readonly online: Set<UserId>;
  readonly cursors: Map<UserId, Seq>;
  /** Until the server has begun to tell. */
  cancelAgain: Cancel | undefined;
}

/** A server with too much to do lets `open` fall. */
const openMsMax = 5000;

const nobody: ReadonlySet<UserId> = new Set();
const nothing: ReadonlyMap<UserId, Seq> = new Map();

/** The groups that the user looks at, over all connections: who of them is here, and who has read how far. */
export class OpenGroups {
  readonly #groups = new Map<GroupId, OpenGroup>();
  readonly #mailbox: Mailbox;
  readonly #clock: Clock;
  readonly #events: OpenGroupsEvents;

  constructor(by: { mailbox: Mailbox; clock: Clock }, events: OpenGroupsEvents) {
    this.#mailbox = by.mailbox;
    this.#clock = by.clock;
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
    if (notice.kind !== "presence" && notice.kind !== "cursors") return;
    const { group } = notice;
    const open = this.#groups.get(group);
    if (!open) return;
    open.cancelAgain?.();
    open.cancelAgain = undefined;
    if (notice.kind === "presence") {
      for (const user of notice.online) open.online.add(user);
      for (const user of notice.offline) open.online.delete(user);
      this.#events.presence?.(group, open.online);
    } else {
      for (const [user, seq] of notice.cursors) {
        if (seq > (open.cursors.get(user) ?? 0)) open.cursors.set(user, seq);
      }
      this.#events.cursors?.(group, open.cursors);
    }
  }

  #ask(group: GroupId, open: OpenGroup): void {
    open.cancelAgain?.();
    open.cancelAgain = undefined;
    if (!this.#mailbox.groups.has(group) || this.#mailbox.state !== "online") return;
    this.#mailbox.tell(encodeClientFrame({ kind: "open", group }));
    open.cancelAgain = this.#clock.after(openMsMax, () => this.#ask(group, open));
  }
}
