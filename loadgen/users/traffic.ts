import { type Content, encodeContent, rsaFernetPayloadBytes, type SendOutcome } from "../../core/client/index.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { pickOne, type Random } from "../../core/platform/random.ts";
import type { ClientMessageId, GroupId } from "../../core/wire/ids.ts";
import type { MeasuredWindow } from "../workload/measured-window.ts";
import { sentSlots, stamp } from "../workload/message-stamp.ts";
import { sendWhenDue } from "../workload/pace.ts";
import type { ClientIndex, Population } from "../workload/population.ts";
import { Arrivals, type Pair, SenderTable } from "../workload/schedule.ts";
import type { Workload } from "../workload/workload.ts";
import type { Observation } from "./observation.ts";
import type { SimulatedUser } from "./simulated-user.ts";

/** How often a sender is drawn who may be away, before the message is left out. */
const drawsMax = 20;

/** What is needed of a user who writes. */
export type WritingUser = Pick<SimulatedUser, "away" | "stays" | "sendSealed" | "sendBytes">;

/** What is needed of the users of a thread. */
interface WritingCrowd {
  readonly users: ReadonlyMap<ClientIndex, WritingUser>;
  isMine(client: ClientIndex): boolean;
  groupAt(number: number): GroupId;
  userAt(client: ClientIndex): WritingUser;
}

export interface TrafficParts {
  readonly workload: Pick<Workload, "payload" | "encryption">;
  readonly population: Population;
  readonly crowd: WritingCrowd;
  readonly observation: Pick<Observation, "sending" | "settled" | "failed">;
  readonly window: MeasuredWindow;
  readonly clock: Clock;
  readonly random: Random;
  readonly thread: number;
  /** Where this thread writes down how late it sends each message. */
  readonly lateness: Int32Array;
  readonly stampOffsetMicros: number;
}

/** The messages that one thread's users write: when, who, to which group, and how many bytes. */
export class Traffic {
  readonly #parts: TrafficParts;
  readonly #senders: SenderTable;
  readonly #contents = new Map<number, Content>();
  readonly #prepared = new Map<number, Uint8Array>();
  #slot = 0;
  #stopped = false;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
    this.#senders = new SenderTable(parts.population, (client) => parts.crowd.isMine(client));
  }

  /** Writes messages until the measured time is over or the signal is aborted. */
  run(arrivals: Workload["arrivals"], signal: AbortSignal): Promise<void> {
    return arrivals.kind === "saturate" ? this.#saturate(arrivals.inFlightPerGroup) : this.#openLoop(arrivals, signal);
  }

  stop(): void {
    this.#stopped = true;
  }

  #openLoop(
    { kind, ratePerSecond }: { kind: "constant" | "poisson"; ratePerSecond: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { population, random, clock, window } = this.#parts;
    const total = population.groups.reduce((sum, group) => sum + group.weight, 0);
    const rate = (ratePerSecond * this.#senders.weight) / total;
    if (rate === 0) return Promise.resolve();
    const pace = {
      clock,
      startMs: window.startMs,
      untilMs: window.untilMs,
      stopped: () => this.#stopped || signal.aborted,
    };
    return sendWhenDue(new Arrivals(kind, rate, random.fork()), pace, (dueMs) => {
      const pair = this.#drawPresent();
      if (pair) this.#send(pair, dueMs);
    });
  }

  /** Keeps `inFlight` messages under way in each group whose founder is this thread's. */
  async #saturate(inFlight: number): Promise<void> {
    const { population, crowd, random, clock, window } = this.#parts;
    const loops = population.groups.map(async ({ founder, members }, group) => {
      if (!crowd.isMine(founder)) return;
      const mine = members.filter((member) => crowd.isMine(member));
      const chain = async () => {
        while (!this.#stopped && clock.monotonic() < window.untilMs) {
          const sender = pickOne(random, mine);
          await new Promise<void>((resolve) => this.#send({ group, sender }, clock.monotonic(), resolve));
        }
      };
      await Promise.all(Array.from({ length: inFlight }, chain));
    });
    await Promise.all(loops);
  }

  #drawPresent(): Pair | undefined {
    const { crowd, random } = this.#parts;
    for (let draw = 0; draw < drawsMax; draw++) {
      const pair = this.#senders.draw(random);
      const user = pair && crowd.users.get(pair.sender);
      if (user && !user.away && user.stays.has(crowd.groupAt(pair.group))) return pair;
    }
    return undefined;
  }

  #send({ group: number, sender }: Pair, dueMs: number, then?: () => void): void {
    const { crowd, clock, observation, lateness, thread, stampOffsetMicros } = this.#parts;
    const group = crowd.groupAt(number);
    const slot = this.#slot++ % sentSlots;
    const lateMicros = (clock.monotonic() - dueMs) * 1000;
    lateness[slot] = lateMicros;
    observation.sending(dueMs, lateMicros);
    const id = stamp(dueMs * 1000 + stampOffsetMicros, thread, slot);
    const taken = this.#transmit(crowd.userAt(sender), group, id, (outcome) => {
      observation.settled(sender, group, id, dueMs, outcome);
      then?.();
    });
    if (taken.ok) return;
    observation.failed("outbox_full");
    then?.();
  }

  #transmit(user: WritingUser, group: GroupId, id: ClientMessageId, settled: (outcome: SendOutcome) => void) {
    const { payload, encryption } = this.#parts.workload;
    const { random } = this.#parts;
    const bytes = payload.kind === "fixed" ? payload.bytes : payload.min + random.below(payload.max - payload.min + 1);
    const content = this.#content(bytes);
    switch (encryption.mode) {
      case "real":
        return user.sendSealed(group, content, id, settled);
      case "sealed":
        return user.sendBytes(group, this.#bytes(rsaFernetPayloadBytes(encodeContent(content).length)), id, settled);
      case "none":
        return user.sendBytes(group, this.#bytes(encodeContent(content).length), id, settled);
      default:
        return encryption satisfies never;
    }
  }

  #content(bytes: number): Content {
    return remembered(this.#contents, bytes, () => ({ kind: "text", text: "a".repeat(bytes) }));
  }

  #bytes(length: number): Uint8Array {
    return remembered(this.#prepared, length, () => new Uint8Array(length).fill(0x61));
  }
}

function remembered<Key, Value>(values: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = values.get(key);
  if (value === undefined) {
    value = make();
    values.set(key, value);
  }
  return value;
}
