import type { Clock } from "../../platform/clock.ts";
import { messageOf } from "../../platform/failure.ts";
import { pushTo } from "../../platform/lists-by-key.ts";
import type { Log } from "../../platform/log.ts";
import type { Queryable } from "../../store/database.ts";
import { groupsAhead, joinedSince } from "../../store/groups.ts";
import { readMessages } from "../../store/messages.ts";
import type { GroupId, Seq, UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import type { Counters } from "../counters.ts";
import type { FollowedGroup } from "../sessions/session.ts";
import { type MembershipParts, refreshGroup, subscribeMembers } from "./changes.ts";
import { committedFrames } from "./committed-frames.ts";
import type { FanOut } from "./fan-out.ts";
import type { GroupDirectory } from "./group-directory.ts";

/** Each sweep looks for admissions from this long before the last sweep on, since a transaction may commit late. */
const admissionsOverlapMs = 10_000;

/** One query asks about at most this many groups. */
const groupsPerQuery = 2000;

/** What the sweep needs of a server. */
export interface SweepParts extends MembershipParts {
  readonly groups: GroupDirectory;
  readonly fanOut: Pick<FanOut, "deliverFromElsewhere">;
  readonly clock: Clock;
  readonly database: Queryable;
  readonly counters: Counters;
  readonly log: Log;
}

/**
 * Compares what this server knows of its groups with the database, and repairs what the bus has lost.
 *
 * A group may be behind only because a frame is on the way. So the sweep notes the seq that the database has, and repairs the
 * group if it is still behind that seq at the next sweep.
 */
export class Sweep {
  readonly #server: SweepParts;
  #suspected = new Map<GroupId, Seq>();
  #running = false;
  /** From when on admissions may be unknown here, by the database's clock; at first by the server's own. */
  #admissionsSince: Date;

  constructor(server: SweepParts) {
    this.#server = server;
    this.#admissionsSince = new Date(server.clock.now() - admissionsOverlapMs);
  }

  async run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#lostMessages();
      await this.#lostAdmissions();
    } catch (cause) {
      this.#server.log.debug({ cause: messageOf(cause) }, "a sweep was cut short");
    } finally {
      this.#running = false;
    }
  }

  async #lostMessages(): Promise<void> {
    const followed = [...this.#server.groups.all()].filter((group) => group.sessions.size > 0);
    const suspected = new Map<GroupId, Seq>();
    for (let from = 0; from < followed.length; from += groupsPerQuery) {
      const page = followed.slice(from, from + groupsPerQuery);
      const believed = page.map(({ id, deliveredSeq: lastSeq, logLength }) => ({ id, lastSeq, logLength }));
      for (const ahead of await groupsAhead(this.#server.database, believed)) {
        const group = this.#server.groups.get(ahead.id);
        if (!group) continue;
        if (ahead.logLength > group.logLength) await refreshGroup(this.#server, group.id);
        const before = this.#suspected.get(ahead.id);
        if (before !== undefined && group.deliveredSeq < before) await this.#deliverMissing(group, ahead.lastSeq);
        else if (ahead.lastSeq > group.deliveredSeq) suspected.set(ahead.id, ahead.lastSeq);
      }
    }
    this.#suspected = suspected;
  }

  async #deliverMissing(group: FollowedGroup, through: Seq): Promise<void> {
    this.#server.counters.sweepRepairs++;
    for (let after = group.deliveredSeq; after < through; ) {
      const { syncPageMax: countMax, syncPageBytesMax: bytesMax } = limits;
      const messages = await readMessages(this.#server.database, {
        group: group.id,
        after,
        through,
        countMax,
        bytesMax,
      });
      const last = messages.at(-1);
      if (!last) break;
      for (const frame of committedFrames(group.id, messages)) this.#server.fanOut.deliverFromElsewhere(frame);
      after = last.seq;
    }
    this.#server.groups.advance(group.id, through);
    this.#server.groups.delivered(group, through);
  }

  async #lostAdmissions(): Promise<void> {
    const { admissions, asked } = await joinedSince(this.#server.database, this.#admissionsSince);
    const missed = new Map<GroupId, UserId[]>();
    for (const { user, group } of admissions) {
      if (this.#server.users.of(user).length === 0) continue;
      pushTo(missed, group, user);
    }
    for (const [id, joined] of missed) {
      const known = await this.#server.groups.follow(id);
      const isCurrent = joined.every((user) => known?.members.has(user));
      const group = isCurrent ? known : await refreshGroup(this.#server, id);
      if (group) subscribeMembers(this.#server, group, { joined });
    }
    this.#admissionsSince = new Date(asked.getTime() - admissionsOverlapMs);
  }
}
