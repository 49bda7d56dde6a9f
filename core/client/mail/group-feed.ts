import type { Cancel, Clock } from "../../platform/clock.ts";
import { copyBytes } from "../../wire/bytes.ts";
import { DeliverCursor } from "../../wire/deliver-frame.ts";
import { type GroupId, nextSeq, previousSeq, type Seq } from "../../wire/ids.ts";

/** Where a group's messages go: each once, in the order of their places. */
export interface FeedSink {
  /** The cursor stands on the message; it and its payload are valid during the call only. */
  delivered(group: GroupId, message: DeliverCursor): void;
  /** The server says that these places hold nothing: expired, or withheld. */
  missing(group: GroupId, from: Seq, through: Seq): void;
}

/** Asks for a range of the group's history; resolves when all of it that there is has been delivered. */
export type RequestRange = (feed: GroupFeed, after: Seq, through: Seq) => void;

/** Two servers may commit in one order and tell in another: that sorts itself out in less than this. */
const gapPatienceMs = 200;
/** Before a server that had nothing to say, or did not go on, is asked again. */
const stalledMs = 1000;
/** Frames that came too early are kept up to here; more are fetched again. */
const heldBytesMax = 512 * 1024;

/**
 * Puts one group's messages in order: passes on what is next, drops what came before, and fetches what is missing.
 */
export class GroupFeed {
  readonly group: GroupId;
  /** The place that comes next. */
  next: Seq;
  readonly #sink: FeedSink;
  readonly #clock: Clock;
  readonly #request: RequestRange;
  /** The highest place known to be taken. */
  #known: number;
  #held: Map<number, Uint8Array> | undefined;
  #heldBytes = 0;
  /** The first place of what came too early while a range was on its way, and found no room. */
  #notHeld = Number.POSITIVE_INFINITY;
  #requested = false;
  #requestedAfter = 0;
  #requestedThrough = 0;
  /** Whether anything new has come since the range was asked for. */
  #heard = false;
  #cancelPatience: Cancel | undefined;

  constructor(group: GroupId, after: Seq, by: { sink: FeedSink; clock: Clock; request: RequestRange }) {
    this.group = group;
    this.next = nextSeq(after);
    this.#known = after;
    this.#sink = by.sink;
    this.#clock = by.clock;
    this.#request = by.request;
  }

  /** Whether everything known to exist has been passed on. */
  get isCurrent(): boolean {
    return this.next > this.#known;
  }

  /** A DELIVER frame of this group, opened by the cursor. */
  received(cursor: DeliverCursor, frame: Uint8Array): void {
    const { firstSeq, count } = cursor;
    const last = firstSeq + count - 1;
    if (last > this.#known) this.#known = last;
    if (last < this.next) return;
    this.#heard = true;
    if (firstSeq > this.next) return this.#hold(firstSeq, frame);
    this.#passOn(cursor);
    if (this.#held) this.#release();
  }

  /** The group has messages up to here. */
  learn(lastSeq: Seq): void {
    if (lastSeq > this.#known) this.#known = lastSeq;
    this.#fetch();
  }

  /**
   * The range that was asked for has been delivered, as far as `through`: its places that did not come hold nothing.
   * Undefined when the request failed.
   */
  answered(through: Seq | undefined): void {
    const before = this.#requestedAfter;
    this.#requested = false;
    if (through === undefined) return;
    // What found no room is fetched again: nothing is said of its places yet.
    const complete = Math.min(through, this.#notHeld - 1);
    // What has come of the range behind an empty place was held, as if that were still to come.
    if (this.#held) this.#release(complete);
    this.#skip(complete);
    // A page that ends early was full.
    const goesOn = this.next - 1 > before && (this.#heard || through >= this.#requestedThrough);
    if (goesOn) this.#fetch();
    // A server that knows of less than others did will hear of the rest; one that never moves on must not be asked in a loop.
    else this.#cancelPatience ??= this.#clock.after(stalledMs, () => this.#patienceOver());
  }

  /** The connection broke: what was asked for is not coming. */
  interrupted(): void {
    this.#requested = false;
  }

  close(): void {
    this.#cancelPatience?.();
    this.#held = undefined;
  }

  /** The places up to this one that have not come hold nothing. */
  #skip(through: number): void {
    if (through < this.next) return;
    this.#sink.missing(this.group, this.next, through as Seq);
    this.next = (through + 1) as Seq;
  }

  #passOn(cursor: DeliverCursor): void {
    while (cursor.next()) {
      if (cursor.seq < this.next) continue;
      this.next = (cursor.seq + 1) as Seq;
      this.#sink.delivered(this.group, cursor);
    }
  }

  #hold(firstSeq: number, frame: Uint8Array): void {
    if (this.#heldBytes + frame.length <= heldBytesMax) {
      this.#held ??= new Map();
      if (!this.#held.has(firstSeq)) this.#heldBytes += frame.length;
      this.#held.set(firstSeq, copyBytes(frame));
    } else this.#notHeld = Math.min(this.#notHeld, firstSeq);
    this.#cancelPatience ??= this.#clock.after(gapPatienceMs, () => this.#patienceOver());
  }

  #patienceOver(): void {
    this.#cancelPatience = undefined;
    this.#fetch();
  }

  /** Passes on the held frames whose turn has come; places up to `complete` that have not come hold nothing. */
  #release(complete = 0): void {
    const held = this.#held ?? new Map<number, Uint8Array>();
    for (const firstSeq of [...held.keys()].sort((a, b) => a - b)) {
      this.#skip(Math.min(complete, firstSeq - 1));
      if (firstSeq > this.next) break;
      const frame = held.get(firstSeq) as Uint8Array;
      held.delete(firstSeq);
      this.#heldBytes -= frame.length;
      releaseCursor.open(frame);
      this.#passOn(releaseCursor);
    }
    if (held.size === 0) this.#held = undefined;
    if (this.isCurrent) {
      this.#cancelPatience?.();
      this.#cancelPatience = undefined;
    }
  }

  #fetch(): void {
    if (this.#requested || this.isCurrent) return;
    let through = this.#known;
    for (const firstSeq of this.#held?.keys() ?? []) through = Math.min(through, firstSeq - 1);
    this.#requested = true;
    this.#heard = false;
    this.#notHeld = Number.POSITIVE_INFINITY;
    this.#requestedAfter = this.next - 1;
    this.#requestedThrough = through;
    this.#request(this, previousSeq(this.next), through as Seq);
  }
}

/** Held frames were checked when they came. */
const releaseCursor = new DeliverCursor();
