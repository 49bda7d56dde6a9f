import type { Cancel, Clock } from "../../platform/clock.ts";
import { copyBytes } from "../../wire/bytes.ts";
import { DeliverCursor } from "../../wire/deliver-frame.ts";
import { type GroupId, nextSeq, previousSeq, type Seq, seq } from "../../wire/ids.ts";

/** Takes a group's messages: each once, in the order of their seqs. */
export interface FeedSink {
  /** The cursor stands on the message; it and its payload are valid during the call only. */
  delivered(group: GroupId, message: DeliverCursor): void;
  /** The server says that these seqs have no message: expired, or withheld. */
  missing(group: GroupId, from: Seq, through: Seq): void;
}

/** Asks for a range of the group's history; the feed's `answered` is called once the server has delivered what there is of it. */
export type RequestRange = (feed: GroupFeed, after: Seq, through: Seq) => void;

/** A gap closes by itself within this time when two servers committed in one order and delivered in the other. */
const gapPatienceMs = 200;
/** The pause before a server is asked again that delivered nothing of a range, or ended a page early. */
const stalledMs = 1000;
/** Bytes of frames that came too early at most; what comes early beyond that is fetched again. */
const heldBytesMax = 512 * 1024;

export interface FeedParts {
  readonly sink: FeedSink;
  readonly clock: Clock;
  readonly request: RequestRange;
}

/**
 * Puts one group's messages in order: passes on what is next, drops what came before, and fetches what is missing.
 */
export class GroupFeed {
  readonly group: GroupId;
  #next: Seq;
  readonly #sink: FeedSink;
  readonly #clock: Clock;
  readonly #request: RequestRange;
  /** The highest seq that the group is known to have. */
  #known: number;
  #held: Map<number, Uint8Array> | undefined;
  #heldBytes = 0;
  /** The lowest seq that came too early while a range was on its way, and was dropped for lack of room. */
  #notHeld = Number.POSITIVE_INFINITY;
  #requested = false;
  #requestedAfter = 0;
  #requestedThrough = 0;
  /** Whether anything new has come since the range was requested. */
  #heard = false;
  #cancelPatience: Cancel | undefined;

  constructor(group: GroupId, after: Seq, { sink, clock, request }: FeedParts) {
    this.group = group;
    this.#next = nextSeq(after);
    this.#known = after;
    this.#sink = sink;
    this.#clock = clock;
    this.#request = request;
  }

  /** The seq behind all that has been passed on or skipped. */
  get next(): Seq {
    return this.#next;
  }

  /** Whether everything up to the highest known seq has been passed on or skipped. */
  get isCurrent(): boolean {
    return this.#next > this.#known;
  }

  /** A DELIVER frame of this group, opened by the cursor. */
  received(cursor: DeliverCursor, frame: Uint8Array): void {
    const { firstSeq, count } = cursor;
    const last = firstSeq + count - 1;
    this.#known = Math.max(this.#known, last);
    if (last < this.#next) return;
    this.#heard = true;
    if (firstSeq > this.#next) return this.#hold(firstSeq, frame);
    this.#passOn(cursor);
    if (this.#held) this.#release();
  }

  /** The group has messages up to this seq. */
  learn(lastSeq: Seq): void {
    this.#known = Math.max(this.#known, lastSeq);
    this.#fetch();
  }

  /**
   * The server has delivered the requested range up to `through`: seqs of it that did not come have no message. `through` is
   * undefined when the request failed.
   */
  answered(through: Seq | undefined): void {
    const before = this.#requestedAfter;
    this.#requested = false;
    if (through === undefined) return;
    // Dropped frames are fetched again, so nothing is known of their seqs yet.
    const complete = Math.min(through, this.#notHeld - 1);
    // Messages of the range behind a seq without a message were held until this showed that it has none.
    if (this.#held) this.#release(complete);
    this.#skip(complete);
    // A page that ends before the end of the range was full, so the next one is requested at once.
    const goesOn = this.#next - 1 > before && (this.#heard || through >= this.#requestedThrough);
    if (goesOn) this.#fetch();
    // Another server may know of more; a server that never moves on must not be asked in a loop.
    else this.#cancelPatience ??= this.#clock.after(stalledMs, () => this.#patienceOver());
  }

  close(): void {
    this.#cancelPatience?.();
    this.#held = undefined;
  }

  /** Passes over the seqs up to this one: they have no message. */
  #skip(through: number): void {
    if (through < this.#next) return;
    this.#sink.missing(this.group, this.#next, seq(through));
    this.#next = nextSeq(seq(through));
  }

  #passOn(cursor: DeliverCursor): void {
    while (cursor.next()) {
      if (cursor.seq < this.#next) continue;
      this.#next = nextSeq(cursor.seq);
      this.#sink.delivered(this.group, cursor);
    }
  }

  #hold(firstSeq: number, frame: Uint8Array): void {
    const heldLength = this.#held?.get(firstSeq)?.length ?? 0;
    const moreBytes = frame.length - heldLength;
    // A repeated frame may have fewer messages than the held one, which then stays.
    if (moreBytes > 0 && this.#heldBytes + moreBytes <= heldBytesMax) {
      this.#held ??= new Map();
      this.#heldBytes += moreBytes;
      this.#held.set(firstSeq, copyBytes(frame));
    } else if (moreBytes > 0) this.#notHeld = Math.min(this.#notHeld, firstSeq);
    this.#cancelPatience ??= this.#clock.after(gapPatienceMs, () => this.#patienceOver());
  }

  #patienceOver(): void {
    this.#cancelPatience = undefined;
    this.#fetch();
  }

  /** Passes on the held frames that come next; seqs up to `complete` that have not come have no message. */
  #release(complete = 0): void {
    const held = this.#held ?? new Map<number, Uint8Array>();
    for (const [firstSeq, frame] of [...held].sort(([a], [b]) => a - b)) {
      this.#skip(Math.min(complete, firstSeq - 1));
      if (firstSeq > this.#next) break;
      held.delete(firstSeq);
      this.#heldBytes -= frame.length;
      releaseCursor.begin(frame);
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
    this.#requestedAfter = this.#next - 1;
    this.#requestedThrough = through;
    this.#request(this, previousSeq(this.#next), seq(through));
  }
}

/** One for all feeds. Held frames were checked when they came. */
const releaseCursor = new DeliverCursor();
