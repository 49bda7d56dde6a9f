import type { Clock } from "../../platform/clock.ts";
import { Coalescer } from "../../platform/coalescer.ts";
import type { Queryable } from "../../store/database.ts";
import { type GroupRecord, loadGroups } from "../../store/groups.ts";
import { type GroupId, maxSeq, type Seq, seqBeforeFirst } from "../../wire/ids.ts";
import type { Changed } from "../../wire/link-frame.ts";
import type { Bus } from "../bus.ts";
import type { FollowedGroup, Session } from "../sessions/session.ts";

/**
 * A group that is being read for the first time. It is read once for all that ask for it meanwhile: of two objects of one group
 * each would have a part of its sessions.
 */
interface Loading {
  readonly group: Promise<FollowedGroup | undefined>;
  readonly heard: Heard;
}

/** What the bus brings of a group that is being read: the last seq, and whether an entry came since its row was asked for. */
interface Heard {
  lastSeq: Seq;
  changed: boolean;
}

/** Groups are kept this long after their last session here has left, for reconnects. */
const idleMsMax = 30_000;

/**
 * The groups that this server follows. Each is loaded once for all its members here, and kept up to date by this server's
 * commits and by the frames that the bus brings.
 */
export class GroupDirectory {
  readonly #groups = new Map<GroupId, FollowedGroup>();
  readonly #bus: Pick<Bus, "subscribe" | "unsubscribe">;
  readonly #clock: Clock;
  readonly #subscriptions: Coalescer<GroupId, true>;
  readonly #records: Coalescer<GroupId, GroupRecord>;
  readonly #loading = new Map<GroupId, Loading>();

  constructor(database: Queryable, bus: Pick<Bus, "subscribe" | "unsubscribe">, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
    this.#subscriptions = new Coalescer(async (ids) => {
      await bus.subscribe(ids);
      return new Map(ids.map((id) => [id, true]));
    });
    this.#records = new Coalescer(async (ids) => {
      const records = await loadGroups(database, ids);
      return new Map(records.map((record) => [record.id, record]));
    });
  }

  get(id: GroupId): FollowedGroup | undefined {
    return this.#groups.get(id);
  }

  all(): IterableIterator<FollowedGroup> {
    return this.#groups.values();
  }

  get size(): number {
    return this.#groups.size;
  }

  /** Messages up to `seq` were delivered to the members connected here. */
  delivered(group: FollowedGroup, seq: Seq): void {
    if (seq > group.deliveredSeq) group.deliveredSeq = seq;
  }

  /**
   * The group, which this server follows from now on; undefined when it does not exist. It is not forgotten before the caller
   * can enter it, at once when this resolves.
   */
  follow(id: GroupId): Promise<FollowedGroup | undefined> {
    const group = this.#groups.get(id);
    if (!group) {
      const loading = this.#loading.get(id);
      // A group that did not exist when another caller began to read it may exist by now.
      return loading ? loading.group.then((found) => found ?? this.#load(id)) : this.#load(id);
    }
    if (group.sessions.size === 0) group.idleSinceMs = this.#clock.monotonic();
    return Promise.resolve(group);
  }

  /** Reads the group again, for a caller that knows of newer facts than this server has. */
  async reload(id: GroupId): Promise<FollowedGroup | undefined> {
    const record = await this.#records.get(id);
    const group = this.#groups.get(id);
    // The group was idle for so long that it was forgotten meanwhile.
    if (!group) return record && this.follow(id);
    if (!record) return group;
    if (record.logLength > group.logLength) {
      group.epoch = record.epoch;
      group.logLength = record.logLength;
      group.members = new Set(record.members);
    }
    this.advance(id, record.lastSeq);
    return group;
  }

  /** Messages up to `seq` have been committed. */
  advance(id: GroupId, seq: Seq): void {
    const group = this.#groups.get(id);
    if (group) {
      if (seq > group.lastSeq) group.lastSeq = seq;
      return;
    }
    const heard = this.#loading.get(id)?.heard;
    if (heard && seq > heard.lastSeq) heard.lastSeq = seq;
  }

  /**
   * Applies a change that was committed, here or elsewhere. Answers the group when the change is applied, now or before;
   * undefined when this server lacks entries before it, or does not follow the group.
   */
  apply({ group: id, index, epoch, seq, joined, left }: Omit<Changed, "kind">): FollowedGroup | undefined {
    const group = this.#groups.get(id);
    if (!group) {
      const loading = this.#loading.get(id);
      if (loading) loading.heard.changed = true;
      return undefined;
    }
    if (index > group.logLength) return undefined;
    if (index === group.logLength) {
      group.epoch = epoch;
      group.logLength = index + 1;
      for (const user of joined) group.members.add(user);
      for (const user of left) group.members.delete(user);
    }
    this.advance(id, seq);
    return group;
  }

  enter(group: FollowedGroup, session: Session): void {
    if (this.#groups.get(group.id) !== group) throw new Error(`group ${group.id} is not followed any more`);
    group.sessions.add(session);
  }

  leave(group: FollowedGroup, session: Session): void {
    group.sessions.delete(session);
    if (group.sessions.size === 0) group.idleSinceMs = this.#clock.monotonic();
  }

  /** Forgets the groups that have had no session here for a while. */
  forgetIdle(): void {
    const now = this.#clock.monotonic();
    const idle = [...this.#groups.values()].filter(
      (group) => group.sessions.size === 0 && now - group.idleSinceMs > idleMsMax,
    );
    if (idle.length === 0) return;
    for (const group of idle) this.#groups.delete(group.id);
    this.#bus.unsubscribe(idle.map((group) => group.id));
  }

  #load(id: GroupId): Promise<FollowedGroup | undefined> {
    const running = this.#loading.get(id);
    if (running) return running.group;
    const heard: Heard = { lastSeq: seqBeforeFirst, changed: false };
    const group = this.#readNew(id, heard).finally(() => this.#loading.delete(id));
    this.#loading.set(id, { group, heard });
    return group;
  }

  /** Reads a group that this server does not follow yet; reads it once more whenever entries come meanwhile. */
  async #readNew(id: GroupId, heard: Heard): Promise<FollowedGroup | undefined> {
    let record: GroupRecord | undefined;
    try {
      // First the server subscribes, then the row is read: a change that is committed after the reading arrives by the bus.
      await this.#subscriptions.get(id);
      do {
        heard.changed = false;
        record = await this.#records.get(id);
      } while (heard.changed);
    } catch (cause) {
      this.#bus.unsubscribe([id]);
      throw cause;
    }
    if (!record) {
      this.#bus.unsubscribe([id]);
      return undefined;
    }
    const group = followed(record, heard.lastSeq, this.#clock.monotonic());
    this.#groups.set(id, group);
    return group;
  }
}

/** `heardSeq` is the last seq that the bus has brought. */
function followed(record: GroupRecord, heardSeq: Seq, nowMs: number): FollowedGroup {
  const { id, epoch, logLength } = record;
  const lastSeq = maxSeq(record.lastSeq, heardSeq);
  return {
    id,
    topic: `g${id}`,
    presenceTopic: `p${id}`,
    epoch,
    lastSeq,
    deliveredSeq: lastSeq,
    logLength,
    members: new Set(record.members),
    sessions: new Set(),
    idleSinceMs: nowMs,
  };
}
