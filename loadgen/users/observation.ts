import type { SendOutcome } from "../../core/client/index.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { DeliverCursor } from "../../core/wire/deliver-frame.ts";
import type { ClientMessageId, GroupId } from "../../core/wire/ids.ts";
import { messageTypes } from "../../core/wire/send-frame.ts";
import type { Breach, ThreadAudit } from "../audit/audit.ts";
import { GroupObserver } from "../audit/group-observer.ts";
import { Latencies } from "../recorder/recorder.ts";
import type { MeasuredWindow } from "../workload/measured-window.ts";
import { microsSince, slotOf } from "../workload/message-stamp.ts";
import type { ClientIndex } from "../workload/population.ts";
import type { SimulatedUser, UserEvents } from "./simulated-user.ts";

const breachesKept = 50;

/** What is needed of a user whose deliveries are observed. */
export type ObservedUser = Pick<SimulatedUser, "index" | "user" | "stays" | "onlineSinceMs">;

/** Counts and times what the users of one thread are shown, and writes it down for the audit. */
export class Observation implements UserEvents {
  readonly observers = new Map<GroupId, GroupObserver>();
  readonly ack = new Latencies();
  readonly delivery = new Latencies();
  readonly deliveryUncorrected = new Latencies();
  readonly late = new Latencies();
  /** Delivery latencies since the last progress line. */
  readonly recent = new Latencies();
  /** Messages without acknowledgement and refused changes, counted by code. */
  readonly failures = new Map<string, number>();
  sent = 0;
  /** How many of the sent messages were due in the measured time. */
  offered = 0;
  acknowledged = 0;
  deliveries = 0;
  /** How many of the deliveries happened in the measured time. */
  deliveriesInTime = 0;
  /** In how many groups users are members, added up over all users. */
  stays = 0;
  #strays = 0;
  #undecryptable = 0;
  readonly #breaches: Breach[] = [];
  readonly #clock: Clock;
  readonly #window: MeasuredWindow;
  /** How late each message went out, by thread and slot. */
  readonly #lateness: readonly Int32Array[];
  readonly #stampOffsetMicros: number;

  constructor(parts: {
    clock: Clock;
    window: MeasuredWindow;
    lateness: readonly Int32Array[];
    stampOffsetMicros: number;
  }) {
    this.#clock = parts.clock;
    this.#window = parts.window;
    this.#lateness = parts.lateness;
    this.#stampOffsetMicros = parts.stampOffsetMicros;
  }

  /** Resets the measurements of a stretch; what the audit needs is kept. */
  beginStretch(): void {
    for (const latencies of [this.ack, this.delivery, this.deliveryUncorrected, this.late]) latencies.reset();
    this.failures.clear();
    this.offered = 0;
    this.deliveriesInTime = 0;
  }

  get errors(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  failed(code: string): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }

  /** A message is sent, so many microseconds after it was due. */
  sending(dueMs: number, lateMicros: number): void {
    this.sent++;
    if (!this.#window.contains(dueMs)) return;
    this.offered++;
    this.late.record(lateMicros);
  }

  /** The outcome of a message that was due at this time. */
  settled(client: ClientIndex, group: GroupId, id: ClientMessageId, dueMs: number, outcome: SendOutcome): void {
    if (!outcome.ok) return this.failed(outcome.code);
    this.acknowledged++;
    if (this.#window.contains(dueMs)) this.ack.record((this.#clock.monotonic() - dueMs) * 1000);
    this.observers.get(group)?.acknowledged(client, outcome.seq, Number(id >> 32n), Number(id & 0xffff_ffffn));
  }

  joined(user: ObservedUser, group: GroupId, after: number): void {
    let observer = this.observers.get(group);
    if (!observer) {
      observer = new GroupObserver(group, after);
      this.observers.set(group, observer);
    }
    user.stays.set(group, observer.enter(user.index, user.user, after));
    this.stays++;
  }

  left(user: ObservedUser, group: GroupId): void {
    const stay = user.stays.get(group);
    if (!stay) return;
    stay.left = true;
    user.stays.delete(group);
    this.stays--;
  }

  delivered(user: ObservedUser, group: GroupId, message: DeliverCursor): void {
    const stay = user.stays.get(group);
    if (!stay) return this.strayed(user, group);
    stay.observer.delivered(stay, message);
    this.deliveries++;
    if (message.type !== messageTypes.application) return;
    const nowMs = this.#clock.monotonic();
    if (this.#window.contains(nowMs)) this.deliveriesInTime++;
    const low = message.clientMessageIdLow;
    const micros = microsSince(message.clientMessageIdHigh, low, nowMs * 1000 + this.#stampOffsetMicros);
    const dueMs = nowMs - micros / 1000;
    // A message that was due before the user came back is late because the user was away, not because of a server.
    if (dueMs < user.onlineSinceMs) return;
    this.recent.record(micros);
    if (!this.#window.contains(dueMs)) return;
    this.delivery.record(micros);
    const sent = slotOf(low);
    this.deliveryUncorrected.record(micros - (this.#lateness[sent.thread]?.[sent.slot] ?? 0));
  }

  strayed(user: ObservedUser, group: GroupId): void {
    this.#strays++;
    this.#breach({ promise: 4, what: "was given messages of a group that it is not in", group, client: user.index });
  }

  unreadable(user: ObservedUser, group: GroupId, detail: string): void {
    this.#undecryptable++;
    this.#breach({ promise: null, what: `could not open a message: ${detail}`, group, client: user.index });
  }

  missing(user: ObservedUser, group: GroupId, from: number, through: number): void {
    const what = `the server holds nothing at ${from} to ${through}`;
    this.#breach({ promise: 1, what, group, client: user.index, seq: from });
  }

  audit(): ThreadAudit {
    const observers = [...this.observers.values()];
    return {
      sent: this.sent,
      groups: observers.map((observer) => observer.record()),
      breaches: [...this.#breaches, ...observers.flatMap((observer) => observer.breaches)].slice(0, breachesKept),
      reordered: observers.reduce((sum, observer) => sum + observer.reordered, 0),
      undecryptable: this.#undecryptable,
      strays: this.#strays,
    };
  }

  #breach(breach: Breach): void {
    if (this.#breaches.length < breachesKept) this.#breaches.push(breach);
  }
}
