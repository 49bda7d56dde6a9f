import { itemAt } from "../../core/platform/item-at.ts";
import { copyBytes } from "../../core/wire/bytes.ts";
import type { DeliverCursor } from "../../core/wire/deliver-frame.ts";
import type { GroupId, UserId } from "../../core/wire/ids.ts";
import { messageTypes } from "../../core/wire/send-frame.ts";
import type { ClientIndex } from "../workload/population.ts";
import { acknowledgedFields, type Breach, type GroupRecord } from "./audit.ts";
import { SequenceLog } from "./sequence-log.ts";

/** One client's time as a member of a group, updated with each delivery. */
export interface Stay {
  readonly observer: GroupObserver;
  readonly client: ClientIndex;
  readonly user: UserId;
  readonly from: number;
  next: number;
  delivered: number;
  left: boolean;
}

const breachesKept = 20;

/** Writes down what the clients of one thread see of one group. */
export class GroupObserver {
  readonly group: GroupId;
  readonly #sequence: SequenceLog;
  readonly #entries = new Map<number, Uint8Array>();
  readonly #stays: Stay[] = [];
  /** As in {@link GroupRecord.acknowledged}. */
  readonly #acknowledged: number[] = [];
  readonly breaches: Breach[] = [];
  reordered = 0;

  constructor(group: GroupId, base: number) {
    this.group = group;
    this.#sequence = new SequenceLog(base);
  }

  enter(client: ClientIndex, user: UserId, after: number): Stay {
    const stay: Stay = { observer: this, client, user, from: after, next: after + 1, delivered: 0, left: false };
    this.#stays.push(stay);
    return stay;
  }

  /** This client got the message at which the cursor stands. */
  delivered(stay: Stay, message: DeliverCursor): void {
    const { seq } = message;
    if (seq !== stay.next)
      this.#breach({ promise: 2, what: `expected ${stay.next}`, group: this.group, seq, client: stay.client });
    stay.next = seq + 1;
    stay.delivered++;
    if (message.type === messageTypes.membership && !this.#entries.has(seq)) {
      this.#entries.set(seq, copyBytes(message.payload));
    }
    if (!this.#sequence.agrees(seq, message.clientMessageIdHigh, message.clientMessageIdLow, message.epoch)) {
      const what = "other members saw another message under this seq";
      this.#breach({ promise: 2, what, group: this.group, seq, client: stay.client });
    }
  }

  /** This client's message with this id (in two halves) was acknowledged with this seq. */
  acknowledged(client: ClientIndex, seq: number, high: number, low: number): void {
    this.#acknowledged.push(seq, high, low, client);
  }

  /** The last seq that a client of this thread knows of. */
  get last(): number {
    let last = 0;
    for (const { next } of this.#stays) last = Math.max(last, next - 1);
    for (let i = 0; i < this.#acknowledged.length; i += acknowledgedFields)
      last = Math.max(last, itemAt(this.#acknowledged, i));
    return last;
  }

  /** Whether all clients that are still members have got every message up to this seq. */
  reached(last: number): boolean {
    return this.#stays.every(({ left, next }) => left || next > last);
  }

  record(): GroupRecord {
    return {
      group: this.group,
      sequence: this.#sequence.record(),
      entries: [...this.#entries],
      stays: this.#stays.map(({ client, user, from, next, delivered, left }) => ({
        client,
        user,
        from,
        next,
        delivered,
        left,
      })),
      acknowledged: Float64Array.from(this.#acknowledged),
    };
  }

  #breach(breach: Breach): void {
    this.reordered++;
    if (this.breaches.length < breachesKept) this.breaches.push(breach);
  }
}
