import { setMaxListeners } from "node:events";
import { type Clock, sleep, systemClock } from "../../core/platform/clock.ts";
import { itemAt } from "../../core/platform/item-at.ts";
import { LoopLag } from "../../core/platform/loop-lag.ts";
import { type Random, seededRandom } from "../../core/platform/random.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { type ComingUser, churn } from "../users/churn.ts";
import { Crowd, type CrowdUser } from "../users/crowd.ts";
import { Observation } from "../users/observation.ts";
import { SimulatedUser, type UserSetup } from "../users/simulated-user.ts";
import { Traffic, type WritingUser } from "../users/traffic.ts";
import { MeasuredWindow } from "../workload/measured-window.ts";
import { drawPopulation, type Population } from "../workload/population.ts";
import type { CrewCalls, LoadThreadCalls, Stretch, StretchRecord, Testimony, ThreadStart } from "./thread-calls.ts";

const liveEveryMs = 250;

/** What a simulation needs of a user. */
export type UserOfThread = Omit<CrowdUser, "client"> &
  WritingUser &
  Pick<ComingUser, "leaveNetwork" | "comeBack"> & {
    readonly client: CrowdUser["client"] &
      ComingUser["client"] & { readonly mailbox: Pick<SimulatedUser["client"]["mailbox"], "state" | "unsettled"> };
  };

/** What a simulation is made of, unless a test says otherwise. */
export interface SimulationParts {
  readonly clock: Clock;
  readonly lag: Pick<LoopLag, "read" | "stop">;
  newUser(setup: UserSetup, observation: Observation): UserOfThread;
}

/** The users of one thread, and what the thread is called for. */
export class Simulation implements LoadThreadCalls {
  readonly #ended: () => void;
  readonly #clock: Clock;
  readonly #lag: SimulationParts["lag"];
  readonly #random: Random;
  readonly #population: Population;
  readonly #window = new MeasuredWindow();
  readonly #observation: Observation;
  readonly #crowd: Crowd<UserOfThread>;
  readonly #traffic: Traffic;
  /** Aborted when the running stretch is cut short. */
  #stretchEnd = new AbortController();
  /** The event loop's lag in the measured time. */
  #measuredLag = { p99Ms: 0, utilization: 0 };
  #stopShowing = () => {};

  /** `ended` is called when the simulation was stopped. */
  constructor(start: ThreadStart, ended: () => void, parts: Partial<SimulationParts> = {}) {
    const { workload, thread, lateness, stampOffsetMicros } = start;
    const {
      clock = systemClock,
      lag = new LoopLag(),
      newUser = (setup, observation) => new SimulatedUser(setup, observation),
    } = parts;
    this.#ended = ended;
    this.#clock = clock;
    this.#lag = lag;
    this.#random = seededRandom(workload.seed * 31 + thread);
    this.#population = drawPopulation(workload, seededRandom(workload.seed));
    const observation = new Observation({ clock, window: this.#window, lateness, stampOffsetMicros });
    this.#observation = observation;
    this.#crowd = new Crowd(start, this.#population, {
      observation,
      clock,
      random: this.#random.fork(),
      newUser: (setup) => newUser(setup, observation),
    });
    this.#traffic = new Traffic({
      ...this.#shared,
      workload,
      random: this.#random.fork(),
      thread,
      lateness: itemAt(lateness, thread),
      stampOffsetMicros,
    });
  }

  /** Tells the crew a few times a second how far it is. */
  showTo(crew: CrewCalls): void {
    this.#stopShowing = this.#clock.every(liveEveryMs, () => {
      const { sent: offered, acknowledged, deliveries: delivered, errors, recent } = this.#observation;
      const connected = this.#mailboxes.filter(({ state }) => state === "online").length;
      crew.live({ connected, offered, acknowledged, delivered, errors, recent: recent.encode() });
      recent.reset();
    });
  }

  connect(): Promise<void> {
    return this.#crowd.connect();
  }

  found(): Promise<ReadonlyMap<number, GroupId>> {
    return this.#crowd.found();
  }

  join(groups: ReadonlyMap<number, GroupId>): Promise<void> {
    return this.#crowd.join(groups);
  }

  async run(stretch: Stretch, startMs: number): Promise<void> {
    this.#stretchEnd = new AbortController();
    const { signal } = this.#stretchEnd;
    setMaxListeners(0, signal); // Each user who leaves adds a listener.
    this.#window.begin(startMs, stretch);
    this.#observation.beginStretch();
    await this.#sleepUntil(startMs);
    await Promise.all([
      this.#traffic.run(stretch.arrivals, signal),
      churn({ ...this.#shared, churn: stretch.churn, random: this.#random.fork(), signal }),
      this.#sleepUntil(this.#window.fromMs).then(() => this.#lag.read()),
    ]);
    await this.#sleepUntil(this.#window.untilMs, signal);
    this.#measuredLag = this.#lag.read();
  }

  async cutShort(atMs: number): Promise<void> {
    const ending = this.#stretchEnd;
    this.#window.cutShort(atMs);
    await this.#sleepUntil(atMs);
    ending.abort();
  }

  async settle(lasts: ReadonlyMap<GroupId, number>, secondsMax: number): Promise<ReadonlyMap<GroupId, number>> {
    const deadlineMs = this.#clock.monotonic() + secondsMax * 1000;
    const { observers } = this.#observation;
    const isSettled = () =>
      this.#unsettled === 0 && [...observers].every(([group, observer]) => observer.reached(lasts.get(group) ?? 0));
    while (!isSettled() && this.#clock.monotonic() < deadlineMs) await sleep(this.#clock, 20);
    return new Map([...observers].map(([group, observer]) => [group, observer.last]));
  }

  record(): StretchRecord {
    const { offered, deliveriesInTime, ack, delivery, deliveryUncorrected, late, failures } = this.#observation;
    return {
      offered,
      deliveries: deliveriesInTime,
      ack: ack.encode(),
      delivery: delivery.encode(),
      deliveryUncorrected: deliveryUncorrected.encode(),
      late: late.encode(),
      loopLagP99Ms: this.#measuredLag.p99Ms,
      loopUtilization: this.#measuredLag.utilization,
      failures,
      unsettled: this.#unsettled,
    };
  }

  testify(): Testimony {
    return { audit: this.#observation.audit(), readers: this.#crowd.readers() };
  }

  stop(): void {
    this.#traffic.stop();
    this.#stopShowing();
    this.#lag.stop();
    void this.#crowd.close();
    this.#ended();
  }

  get #shared() {
    const [population, crowd, observation] = [this.#population, this.#crowd, this.#observation];
    return { population, crowd, observation, window: this.#window, clock: this.#clock };
  }

  get #mailboxes() {
    return [...this.#crowd.users.values()].map(({ client }) => client.mailbox);
  }

  get #unsettled(): number {
    return this.#mailboxes.reduce((sum, { unsettled }) => sum + unsettled, 0);
  }

  #sleepUntil(atMs: number, signal?: AbortSignal): Promise<void> {
    return sleep(this.#clock, Math.max(0, atMs - this.#clock.monotonic()), signal);
  }
}
