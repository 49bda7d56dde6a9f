import { BoundedQueue } from "../../platform/bounded-queue.ts";
import type { Clock } from "../../platform/clock.ts";
import { type Seq, seqBeforeFirst } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import type { GroupFeed } from "./group-feed.ts";
import { Refusals, retryMsDefault } from "./refusals.ts";
import type { SyncRequests } from "./server-link.ts";

interface WantedRange {
  readonly feed: GroupFeed;
  readonly after: Seq;
  readonly through: Seq;
}

/** Pages of history that are requested at once. */
const rangesAtOnce = 4;

/** Fetches the ranges of messages that feeds are missing: a few at a time, and again later where the server refuses for now. */
export class RangeReader {
  readonly #clock: Clock;
  readonly #requests: SyncRequests;
  /** At most one for each feed. */
  readonly #wanted = new BoundedQueue<WantedRange>(limits.userGroupsMax);
  readonly #refusals = new WeakMap<GroupFeed, Refusals>();
  #underWay = 0;

  constructor(clock: Clock, requests: SyncRequests) {
    this.#clock = clock;
    this.#requests = requests;
  }

  /** SyncRequests a range. The feed receives its messages as they are delivered, and the seq of the last one by `answered`. */
  want(feed: GroupFeed, after: Seq, through: Seq): void {
    if (this.#wanted.push({ feed, after, through })) return this.#next();
    feed.answered(undefined);
    this.#askAgainLater(feed, retryMsDefault);
  }

  #next(): void {
    while (this.#underWay < rangesAtOnce) {
      const range = this.#wanted.shift();
      if (!range) return;
      this.#underWay++;
      void this.#fetch(range).finally(() => {
        this.#underWay--;
        this.#next();
      });
    }
  }

  async #fetch({ feed, after, through }: WantedRange): Promise<void> {
    const reply = await this.#requests.request({ kind: "sync", group: feed.group, after, through });
    if (reply.ok) {
      this.#refusals.delete(feed);
      return feed.answered(reply.value.through);
    }
    feed.answered(undefined);
    // After `offline` the next list of groups makes the feed ask again.
    if (reply.reason.code === "offline" || reply.reason.code === "not_a_member") return;
    const refusals = this.#refusals.get(feed) ?? new Refusals();
    this.#refusals.set(feed, refusals);
    this.#askAgainLater(feed, refusals.pauseMs(reply.reason.retryAfterMs, retryMsDefault));
  }

  #askAgainLater(feed: GroupFeed, delayMs: number): void {
    this.#clock.after(delayMs, () => feed.learn(seqBeforeFirst));
  }
}
