import type { Epoch, GroupId, Seq } from "../../wire/ids.ts";
import type { GroupFeed } from "./group-feed.ts";

/** A group as the mailbox knows it, without what is in its messages. */
export interface MailboxGroup {
  readonly id: GroupId;
  readonly epoch: Epoch;
  readonly logLength: number;
  readonly feed: GroupFeed;
}

/** The same for the list, which alone changes it. */
interface ChangingGroup extends MailboxGroup {
  epoch: Epoch;
  logLength: number;
}

/** A group as the server lists it. */
export interface ListedGroup {
  readonly group: GroupId;
  readonly epoch: Epoch;
  readonly lastSeq: Seq;
  readonly logLength: number;
}

export interface GroupListParts {
  /** The feed of a group that was not known before. */
  feedOf(group: GroupId, lastSeq: Seq): GroupFeed;
  /** A group is new in the list; none of its messages has come yet. */
  joined(group: MailboxGroup): void;
  /** The group's feed has begun. */
  entered(group: GroupId): void;
  left(group: GroupId): void;
}

/** The groups that a user is in, and those that they have left since the client was made. */
export class GroupList {
  readonly #parts: GroupListParts;
  readonly #groups = new Map<GroupId, ChangingGroup>();
  readonly #left = new Set<GroupId>();

  constructor(parts: GroupListParts) {
    this.#parts = parts;
  }

  get groups(): ReadonlyMap<GroupId, MailboxGroup> {
    return this.#groups;
  }

  hasLeft(group: GroupId): boolean {
    return this.#left.has(group);
  }

  /** The epoch that the server last named; undefined while the group is not known. */
  epochOf(group: GroupId): Epoch | undefined {
    return this.#groups.get(group)?.epoch;
  }

  /** The server has named a group's epoch. */
  sawEpoch(id: GroupId, epoch: Epoch): void {
    const group = this.#groups.get(id);
    if (group && epoch > group.epoch) group.epoch = epoch;
  }

  /** The user is a member of this group from here on. */
  enter({ group: id, epoch, lastSeq, logLength }: ListedGroup): void {
    this.#left.delete(id);
    const known = this.#groups.get(id);
    if (known) {
      if (epoch > known.epoch) known.epoch = epoch;
      known.logLength = Math.max(known.logLength, logLength);
      return known.feed.learn(lastSeq);
    }
    const feed = this.#parts.feedOf(id, lastSeq);
    const group = { id, epoch, logLength, feed };
    this.#groups.set(id, group);
    this.#parts.joined(group);
    feed.learn(lastSeq);
    this.#parts.entered(id);
  }

  leave(id: GroupId): void {
    const group = this.#groups.get(id);
    if (!group) return;
    group.feed.close();
    this.#groups.delete(id);
    this.#left.add(id);
    this.#parts.left(id);
  }
}
