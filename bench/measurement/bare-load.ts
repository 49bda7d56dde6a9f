import { type Clock, sleep } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { pickOne, seededRandom } from "../../core/platform/random.ts";
import { readUint32, writeUint32, writeUint64 } from "../../core/wire/bytes.ts";
import { Latencies, type Quantiles } from "../../loadgen/recorder/recorder.ts";
import { microsSince, sentSlots, slotOf, stamp } from "../../loadgen/workload/message-stamp.ts";
import { sendWhenDue } from "../../loadgen/workload/pace.ts";
import { drawPopulation } from "../../loadgen/workload/population.ts";
import { Arrivals, SenderTable } from "../../loadgen/workload/schedule.ts";
import type { Workload } from "../../loadgen/workload/workload.ts";
import type { ConnectBare } from "../started/bare-client.ts";

export interface BareLoadOptions {
  readonly clock: Clock;
  readonly connect: ConnectBare;
  readonly port: number;
  readonly frameBytes: number;
  readonly signal: AbortSignal;
}

export interface BareLoadResult {
  readonly offeredPerSecond: number;
  readonly deliveredPerSecond: number;
  /** How many happened in the measured time. */
  readonly deliveries: number;
  readonly deliveryMs: Quantiles | undefined;
  readonly uncorrectedMs: Quantiles | undefined;
  readonly lateP99Ms: number;
  readonly sent: number;
  readonly delivered: number;
  readonly expected: number;
}

/**
 * Puts a workload on a bare server, with the same schedule and histograms as on FastChat, and frames as long as FastChat's
 * DELIVER of one message. Fails with `interrupted` when the signal is aborted.
 */
export async function generateBareLoad(
  workload: Workload,
  { clock, connect, port, frameBytes, signal }: BareLoadOptions,
  onMeasure: (moment: "begin" | "end") => Promise<void>,
): Promise<BareLoadResult> {
  const random = seededRandom(workload.seed);
  const population = drawPopulation(workload, seededRandom(workload.seed));
  const senders = new SenderTable(population, () => true);
  const lateness = new Float64Array(sentSlots);
  const delivery = new Latencies();
  const uncorrected = new Latencies();
  const late = new Latencies();
  let slot = 0;
  let sent = 0;
  let offered = 0;
  let delivered = 0;
  let deliveries = 0;
  let expected = 0;
  let measureFrom = Number.POSITIVE_INFINITY;
  let measureUntil = Number.POSITIVE_INFINITY;
  const underWay = new Map<number, { group: number; left: number }>();

  const received = (frame: Uint8Array) => {
    delivered++;
    const nowMs = clock.monotonic();
    if (nowMs >= measureFrom && nowMs < measureUntil) deliveries++;
    const low = readUint32(frame, 8);
    const micros = microsSince(readUint32(frame, 4), low, nowMs * 1000);
    const dueMs = nowMs - micros / 1000;
    if (dueMs >= measureFrom && dueMs < measureUntil) {
      delivery.record(micros);
      uncorrected.record(micros - (lateness[slotOf(low).slot] ?? 0));
    }
    if (workload.arrivals.kind === "saturate") arrived(slotOf(low).slot);
  };
  const sockets = await Promise.all(
    Array.from({ length: workload.clients }, (_, client) => {
      const groups = population.groups.flatMap(({ members }, group) => (members.includes(client) ? [group] : []));
      return connect(port, groups, received);
    }),
  );

  const send = (group: number, sender: number, dueMs: number) => {
    const nowMs = clock.monotonic();
    const mySlot = slot++ % sentSlots;
    lateness[mySlot] = (nowMs - dueMs) * 1000;
    const frame = new Uint8Array(frameBytes);
    writeUint32(frame, 0, group);
    writeUint64(frame, 4, stamp(dueMs * 1000, 0, mySlot));
    sockets[sender]?.publish(group, frame);
    sent++;
    const receivers = population.groups[group]?.members.length ?? 0;
    expected += receivers;
    underWay.set(mySlot, { group, left: receivers });
    if (dueMs < measureFrom || dueMs >= measureUntil) return;
    offered++;
    late.record((nowMs - dueMs) * 1000);
  };

  const write = (group: number) =>
    send(group, pickOne(random, population.groups[group]?.members ?? []), clock.monotonic());

  /** Closed loop: the next message goes out when the last has reached all members; FastChat's, when it is acknowledged. */
  const arrived = (of: number) => {
    const message = underWay.get(of);
    if (!message || --message.left > 0) return;
    underWay.delete(of);
    if (clock.monotonic() >= measureUntil) return;
    write(message.group);
  };

  const startMs = clock.monotonic() + 100;
  measureFrom = startMs + workload.warmUpSeconds * 1000;
  measureUntil = measureFrom + workload.durationSeconds * 1000;
  await sleep(clock, 100);
  const measuring = (async () => {
    await sleep(clock, measureFrom - clock.monotonic(), signal);
    await onMeasure("begin");
    await sleep(clock, measureUntil - clock.monotonic(), signal);
    await onMeasure("end");
  })();
  const { arrivals: of } = workload;
  if (of.kind === "saturate") {
    population.groups.forEach((_, group) => {
      for (let i = 0; i < of.inFlightPerGroup; i++) write(group);
    });
  } else {
    const pace = { clock, startMs, untilMs: measureUntil, stopped: () => signal.aborted };
    await sendWhenDue(new Arrivals(of.kind, of.ratePerSecond, random.fork()), pace, (dueMs) => {
      const pair = senders.draw(random);
      if (pair) send(pair.group, pair.sender, dueMs);
    });
  }
  await measuring;
  const deadline = clock.monotonic() + workload.settleSeconds * 1000;
  while (delivered < expected && clock.monotonic() < deadline && !signal.aborted) await sleep(clock, 20);
  for (const socket of sockets) socket.close();
  if (signal.aborted) throw new Failure("interrupted", "the run was stopped", "start it again");
  return {
    offeredPerSecond: offered / workload.durationSeconds,
    deliveredPerSecond: deliveries / workload.durationSeconds,
    deliveries,
    deliveryMs: delivery.quantiles(),
    uncorrectedMs: uncorrected.quantiles(),
    lateP99Ms: late.quantiles()?.p99 ?? 0,
    sent,
    delivered,
    expected,
  };
}
