import { setMaxListeners } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock as clock, sleep } from "../../core/platform/clock.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import { LoopLag } from "../../core/platform/loop-lag.ts";
import { seededRandom } from "../../core/platform/random.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { churn } from "../users/churn.ts";
import { Crowd } from "../users/crowd.ts";
import { Observation } from "../users/observation.ts";
import { Traffic } from "../users/traffic.ts";
import { MeasuredWindow } from "../workload/measured-window.ts";
import { drawPopulation } from "../workload/population.ts";
import type { Stretch, ThreadOrder, ThreadReport, ThreadStart } from "./thread-protocol.ts";

/** Many simulated users in one worker thread: the thread's wiring. */
const start = workerData as ThreadStart;
if (!parentPort) throw new Error("a thread of simulated users is started by a Crew");
const port = parentPort;
const report = (message: ThreadReport) => port.postMessage(message);

const liveEveryMs = 250;

const { workload, thread, stampOffsetMicros } = start;
const random = seededRandom(workload.seed * 31 + thread);
const population = drawPopulation(workload, seededRandom(workload.seed));
const window = new MeasuredWindow();
const observation = new Observation({ clock, window, lateness: start.lateness, stampOffsetMicros });
const crowd = new Crowd(start, population, { observation, clock, random: random.fork() });
const lateness = start.lateness[thread];
if (!lateness) throw new Error(`thread ${thread} has nowhere to write how late it is`);
const shared = { workload, population, crowd, observation, window, clock };
const traffic = new Traffic({ ...shared, random: random.fork(), thread, lateness, stampOffsetMicros });
const lag = new LoopLag();
/** Aborted when the stretch that runs is to end before its time. */
let stretchEnd = new AbortController();
/** Of the measured time. */
let measuredLag = { p99Ms: 0, utilization: 0 };

const stopShowing = clock.every(liveEveryMs, reportLive);
port.on("message", (order: ThreadOrder) => {
  void carryOut(order).then(
    () => report({ kind: "done", order: order.kind }),
    (cause) => {
      const code = cause instanceof Failure ? cause.code : "generator_failed";
      report({ kind: "failed", code, message: messageOf(cause) });
    },
  );
});

async function carryOut(order: ThreadOrder): Promise<void> {
  switch (order.kind) {
    case "connect":
      return crowd.connect();
    case "found":
      return report({ kind: "founded", groups: await crowd.found() });
    case "join":
      return crowd.join(order.groups);
    case "run":
      return run(order.stretch, order.startMs);
    case "cutShort":
      return cutShort(order.atMs);
    case "settle":
      return settle(order.lasts, order.secondsMax);
    case "record":
      return record();
    case "testify":
      return report({ kind: "testimony", testimony: { audit: observation.audit(), readers: crowd.readers() } });
    case "stop":
      return stop();
    default:
      order satisfies never;
  }
}

async function run(stretch: Stretch, startMs: number): Promise<void> {
  stretchEnd = new AbortController();
  const { signal } = stretchEnd;
  setMaxListeners(0, signal); // Everybody who goes away listens to it.
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

/** Until nothing is under way and every member has been given every message, or patience is over. */
async function settle(lasts: ReadonlyMap<GroupId, number>, secondsMax: number): Promise<void> {
  const deadline = clock.monotonic() + secondsMax * 1000;
  const isSettled = () =>
    unsettled() === 0 &&
    [...observation.observers].every(([group, observer]) => observer.reached(lasts.get(group) ?? 0));
  while (!isSettled() && clock.monotonic() < deadline) await sleep(clock, 20);
  report({
    kind: "lasts",
    lasts: new Map([...observation.observers].map(([group, observer]) => [group, observer.last])),
  });
}

function record(): void {
  report({
    kind: "record",
    record: {
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
    },
  });
}

function unsettled(): number {
  let count = 0;
  for (const user of crowd.users.values()) count += user.client.mailbox.unsettled;
  return count;
}

function reportLive(): void {
  let connected = 0;
  for (const user of crowd.users.values()) if (user.client.mailbox.state === "online") connected++;
  const { sent: offered, acknowledged, deliveries: delivered, errors, recent } = observation;
  report({ kind: "live", live: { connected, offered, acknowledged, delivered, errors, recent: recent.encode() } });
  recent.reset();
}

function stop(): void {
  traffic.stop();
  stopShowing();
  lag.stop();
  void crowd.close();
  port.close();
}
