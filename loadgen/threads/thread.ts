import { setMaxListeners } from "node:events";
import { parentPort } from "node:worker_threads";
import { systemClock as clock, sleep } from "../../core/platform/clock.ts";
import { LoopLag } from "../../core/platform/loop-lag.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { callsToMainThread } from "../../core/platform/thread-calls.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { churn } from "../users/churn.ts";
import { Crowd } from "../users/crowd.ts";
import { Observation } from "../users/observation.ts";
import { Traffic } from "../users/traffic.ts";
import { MeasuredWindow } from "../workload/measured-window.ts";
import { drawPopulation } from "../workload/population.ts";
import { type CrewCalls, type LoadThreadCalls, type Stretch, type StretchRecord, threadStart } from "./thread-calls.ts";

/** The wiring of a worker thread that simulates users. */
const start = threadStart();

const liveEveryMs = 250;

const { workload, thread, stampOffsetMicros } = start;
const random = seededRandom(workload.seed * 31 + thread);
const population = drawPopulation(workload, seededRandom(workload.seed));
const window = new MeasuredWindow();
const observation = new Observation({ clock, window, lateness: start.lateness, stampOffsetMicros });
const crowd = new Crowd(start, population, { observation, clock, random: random.fork() });
const lateness = start.lateness[thread];
if (!lateness) throw new Error(`there is no table of lateness for thread ${thread}`);
const shared = { workload, population, crowd, observation, window, clock };
const traffic = new Traffic({ ...shared, random: random.fork(), thread, lateness, stampOffsetMicros });
const lag = new LoopLag();
/** Aborted when the running stretch is cut short. */
let stretchEnd = new AbortController();
/** The event loop's lag in the measured time. */
let measuredLag = { p99Ms: 0, utilization: 0 };

const ours: LoadThreadCalls = {
  connect: () => crowd.connect(),
  found: () => crowd.found(),
  join: (groups) => crowd.join(groups),
  run,
  cutShort,
  settle,
  record,
  testify: () => ({ audit: observation.audit(), readers: crowd.readers() }),
  stop,
};
const crew = callsToMainThread<CrewCalls>(ours);
const stopShowing = clock.every(liveEveryMs, showLive);

async function run(stretch: Stretch, startMs: number): Promise<void> {
  stretchEnd = new AbortController();
  const { signal } = stretchEnd;
  setMaxListeners(0, signal); // Each user who leaves adds a listener.
  window.begin(startMs, stretch);
  observation.beginStretch();
  await sleep(clock, Math.max(0, startMs - clock.monotonic()));
  const beginMeasuring = sleep(clock, Math.max(0, window.fromMs - clock.monotonic())).then(() => lag.read());
  await Promise.all([
    traffic.run(stretch.arrivals, signal),
    churn({ ...shared, churn: stretch.churn, random: random.fork(), signal }),
    beginMeasuring,
  ]);
  await sleep(clock, Math.max(0, window.untilMs - clock.monotonic()), signal);
  measuredLag = lag.read();
}

async function cutShort(atMs: number): Promise<void> {
  const ending = stretchEnd;
  window.cutShort(atMs);
  await sleep(clock, Math.max(0, atMs - clock.monotonic()));
  ending.abort();
}

/** Waits until no message is under way and every member has got every message, for `secondsMax` at most. */
async function settle(lasts: ReadonlyMap<GroupId, number>, secondsMax: number): Promise<ReadonlyMap<GroupId, number>> {
  const deadline = clock.monotonic() + secondsMax * 1000;
  const isSettled = () =>
    unsettled() === 0 &&
    [...observation.observers].every(([group, observer]) => observer.reached(lasts.get(group) ?? 0));
  while (!isSettled() && clock.monotonic() < deadline) await sleep(clock, 20);
  return new Map([...observation.observers].map(([group, observer]) => [group, observer.last]));
}

function record(): StretchRecord {
  return {
    offered: observation.offered,
    deliveries: observation.deliveriesInTime,
    ack: observation.ack.encode(),
    delivery: observation.delivery.encode(),
    deliveryUncorrected: observation.deliveryUncorrected.encode(),
    late: observation.late.encode(),
    loopLagP99Ms: measuredLag.p99Ms,
    loopUtilization: measuredLag.utilization,
    failures: observation.failures,
    unsettled: unsettled(),
  };
}

function unsettled(): number {
  let count = 0;
  for (const user of crowd.users.values()) count += user.client.mailbox.unsettled;
  return count;
}

function showLive(): void {
  let connected = 0;
  for (const user of crowd.users.values()) if (user.client.mailbox.state === "online") connected++;
  const { sent: offered, acknowledged, deliveries: delivered, errors, recent } = observation;
  crew.post("live", { connected, offered, acknowledged, delivered, errors, recent: recent.encode() });
  recent.reset();
}

function stop(): void {
  traffic.stop();
  stopShowing();
  lag.stop();
  void crowd.close();
  parentPort?.close();
}
