import assert from "node:assert/strict";
import { test } from "node:test";
import { itemAt } from "../../core/platform/item-at.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { present } from "../../core/testing/present.ts";
import { clientMessageId, groupId } from "../../core/wire/ids.ts";
import { Latencies } from "../recorder/recorder.ts";
import { FakeServer, unusedKeyPairs, workloadOf } from "../testing/fake-users.ts";
import { sentSlots } from "../workload/message-stamp.ts";
import { drawPopulation } from "../workload/population.ts";
import type { WorkloadText } from "../workload/workload.ts";
import { Simulation } from "./simulation.ts";
import type { LiveCounts } from "./thread-calls.ts";

const clients = 3;
const stretch = {
  arrivals: { kind: "constant", ratePerSecond: 100 },
  churn: { awayShare: 0, awaySeconds: 1, removedShare: 0, removedSeconds: 1 },
  warmUpSeconds: 1,
  durationSeconds: 2,
} as const;

/** The simulation of a thread whose users, all in one group, have a fake server; its event loop is busier at each reading. */
function newSimulation({ thread = 0, ...change }: Partial<WorkloadText> & { thread?: number } = {}) {
  const [clock, server] = [new FakeClock(), new FakeServer()];
  const readAtMs: number[] = [];
  const ends: string[] = [];
  const workload = workloadOf({
    clients,
    groups: [{ count: 1, sizes: { kind: "fixed", size: clients } }],
    encryption: { mode: "none" },
    ...change,
  });
  const lateness = Array.from({ length: workload.threads }, () => new Int32Array(sentSlots));
  const simulation = new Simulation(
    {
      thread,
      workload,
      target: "chat.example:7400",
      accounts: { kind: "signUp", namePrefix: "user", password: "secret" },
      keyPairs: [unusedKeyPairs],
      lateness,
      stampOffsetMicros: 5_000_000,
    },
    () => ends.push("ended"),
    {
      clock,
      lag: {
        read() {
          readAtMs.push(clock.monotonic());
          const count = readAtMs.length;
          return { p50Ms: 0, p99Ms: 10 * count, maxMs: 0, utilization: count / 10 };
        },
        stop: () => ends.push("lag stopped"),
      },
      newUser: (setup, observation) => server.newUser(setup, observation),
    },
  );
  const gather = async () => {
    await simulation.connect();
    const groups = await simulation.found();
    await simulation.join(groups);
    return groups;
  };
  /** Begins a stretch a tenth of a second from now. */
  const run = (of: Partial<Parameters<Simulation["run"]>[0]> = {}) => {
    const startMs = clock.monotonic() + 100;
    return { startMs, done: simulation.run({ ...stretch, ...of }, startMs) };
  };
  return { simulation, clock, server, workload, lateness, readAtMs, ends, gather, run };
}

test("a stretch has the figures of its measured time: what was due then, what was delivered then, and the lag since its beginning", async () => {
  const { simulation, clock, gather, run, readAtMs } = newSimulation();
  await gather();
  const { startMs, done } = run();
  await clock.advance(3100);
  await done;
  const { offered, deliveries, unsettled, failures, loopLagP99Ms, loopUtilization, ack, late } = simulation.record();
  assert.deepEqual([offered, deliveries, unsettled, failures.size], [200, 600, 0, 0]);
  assert.deepEqual([Latencies.decode(ack).count, Latencies.decode(late).count], [200, 200]);
  assert.deepEqual(
    readAtMs.map((atMs) => atMs - startMs),
    [1000, 3000],
  );
  assert.deepEqual([loopLagP99Ms, loopUtilization], [20, 0.2]);
});

test("users are whole clients unless others are handed in, and end with the simulation", async () => {
  const clock = new FakeClock();
  const simulation = new Simulation(
    {
      thread: 0,
      workload: workloadOf({ clients: 1, groups: [{ count: 1, sizes: { kind: "fixed", size: 1 } }] }),
      target: "127.0.0.1:1",
      accounts: { kind: "signUp", namePrefix: "user", password: "secret" },
      keyPairs: [unusedKeyPairs],
      lateness: [new Int32Array(sentSlots)],
      stampOffsetMicros: 0,
    },
    () => {},
    { clock },
  );
  let isOver = false;
  const connecting = assert
    .rejects(simulation.connect(), /^Failure: user user0 cannot get in: /)
    .finally(() => (isOver = true));
  simulation.stop();
  while (!isOver) {
    // They look for the deployment over real sockets.
    await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advance(clock.nextInMs ?? 0);
  }
  await connecting;
});

test("before the first stretch there is no lag", () => {
  const { loopLagP99Ms, loopUtilization } = newSimulation().simulation.record();
  assert.deepEqual([loopLagP99Ms, loopUtilization], [0, 0]);
});

test("nothing is sent before a stretch begins, and its messages of the warm-up are not measured", async () => {
  const { simulation, clock, server, gather, run } = newSimulation();
  await gather();
  const { done } = run();
  await clock.advance(99);
  assert.equal(server.sent.length, 0);
  await clock.advance(1000);
  assert.equal(server.sent.length, 100);
  assert.equal(simulation.record().offered, 0);
  await clock.advance(2001);
  await done;
  assert.equal(server.sent.length, 300);
});

test("each stretch is measured by itself, and the audit is of all", async () => {
  const { simulation, clock, gather, run } = newSimulation();
  await gather();
  for (const ratePerSecond of [100, 50]) {
    const { done } = run({ arrivals: { kind: "constant", ratePerSecond } });
    await clock.advance(3100);
    await done;
    assert.equal(simulation.record().offered, 2 * ratePerSecond);
  }
  assert.equal(simulation.testify().audit.sent, 300 + 150);
});

test("latencies count from when messages were due, and how late each was sent is written down for the thread", async () => {
  const { simulation, clock, gather, run, lateness } = newSimulation();
  await gather();
  const { done } = run();
  await clock.advance(1500);
  clock.stall(1000);
  await clock.advance(700);
  await done;
  const { delivery, deliveryUncorrected } = simulation.record();
  const maxOf = (encoded: string) => Latencies.decode(encoded).quantiles()?.max ?? 0;
  assert.ok(maxOf(delivery) > 900, `${maxOf(delivery)} ms from when they were due`);
  assert.ok(maxOf(deliveryUncorrected) < 1, `${maxOf(deliveryUncorrected)} ms from when they were sent`);
  assert.ok(Math.max(...present(lateness[0])) > 900_000);
});

test("a stretch that is cut short ends then, and users who are away come back", async () => {
  const { simulation, clock, server, gather, run } = newSimulation();
  await gather();
  const { startMs, done } = run({
    durationSeconds: 600,
    churn: { ...stretch.churn, awayShare: 1, awaySeconds: 3600 },
    arrivals: { kind: "constant", ratePerSecond: 10 },
  });
  await clock.advance(500_000);
  const cutting = simulation.cutShort(clock.monotonic() + 100);
  const before = server.sent.length;
  await clock.advance(99);
  assert.equal(server.log.filter((line) => line.endsWith("comes back")).length, 0);
  await clock.advance(200);
  await Promise.all([cutting, done]);
  assert.ok(server.sent.length - before <= 1);
  assert.equal(server.log.filter((line) => line.endsWith("leaves")).length, clients);
  assert.equal(server.log.filter((line) => line.endsWith("comes back")).length, clients);
  assert.ok(clock.monotonic() - startMs < 501_000);
});

test("a closed loop that is cut short sends nothing more", async () => {
  const { simulation, clock, server, gather, run } = newSimulation();
  await gather();
  server.storesAtOnce = false;
  let isOver = false;
  void run({ arrivals: { kind: "saturate", inFlightPerGroup: 1 }, durationSeconds: 600 }).done.then(
    () => (isOver = true),
  );
  await clock.advance(2000);
  void simulation.cutShort(clock.monotonic() + 100);
  await clock.advance(100);
  present(server.sent[0]).store();
  await clock.advance(0);
  assert.deepEqual([isOver, server.sent.length], [true, 1]);
});

test("cutting a stretch short that is over does not touch the next one", async () => {
  const { simulation, clock, server, gather, run } = newSimulation();
  await gather();
  const first = run();
  await clock.advance(3050);
  const cutting = simulation.cutShort(clock.monotonic() + 100);
  await clock.advance(60);
  await first.done;
  const before = server.sent.length;
  const second = run();
  await clock.advance(3200);
  await Promise.all([cutting, second.done]);
  assert.equal(server.sent.length - before, 300);
});

test("settling waits until each message has its outcome, and answers each group's last seq", async () => {
  const { simulation, clock, server, gather, run } = newSimulation();
  const groups = await gather();
  server.storesAtOnce = false;
  const { done } = run({ arrivals: { kind: "constant", ratePerSecond: 1 } });
  await clock.advance(3100);
  await done;
  assert.deepEqual([server.sent.length, simulation.record().unsettled], [3, 3]);
  let isOver = false;
  const settling = simulation.settle(new Map(), 10).finally(() => (isOver = true));
  for (const { store } of server.sent) {
    await clock.advance(1000);
    assert.equal(isOver, false);
    store();
  }
  await clock.advance(20);
  assert.deepEqual([...(await settling)], [[present(groups.get(0)), 3]]);
  assert.equal(clock.waiting, 0);
});

test("settling waits until each member has got every message that anybody knows of", async () => {
  const { simulation, clock, server, gather } = newSimulation();
  const group = present((await gather()).get(0));
  let isOver = false;
  const settling = simulation.settle(new Map([[group, 1]]), 10).finally(() => (isOver = true));
  await clock.advance(5000);
  assert.equal(isOver, false);
  server.deliver(group, clientMessageId(1n));
  await clock.advance(20);
  assert.deepEqual([...(await settling)], [[group, 1]]);
});

test("settling ends after its time, whatever is under way", async () => {
  const { simulation, clock, gather } = newSimulation();
  const group = present((await gather()).get(0));
  let isOver = false;
  const settling = simulation.settle(new Map([[group, 1]]), 2).finally(() => (isOver = true));
  await clock.advance(1999);
  assert.equal(isOver, false);
  await clock.advance(20);
  assert.deepEqual([...(await settling)], [[group, 0]]);
});

test("four times a second the crew hears how far the thread is, and the latencies since the last time", async () => {
  const { simulation, clock, server, gather, run } = newSimulation();
  const shown: LiveCounts[] = [];
  simulation.showTo({ live: (counts) => void shown.push(counts) });
  await gather();
  await clock.advance(249);
  assert.equal(shown.length, 0);
  await clock.advance(1);
  assert.deepEqual([shown.length, shown[0]?.connected, shown[0]?.offered, shown[0]?.delivered], [1, clients, 0, 0]);
  const { done } = run();
  await clock.advance(3250);
  await done;
  const last = itemAt(shown, shown.length - 1);
  assert.equal(shown.length, 14);
  assert.deepEqual([last.offered, last.acknowledged, last.delivered, last.errors], [300, 300, 900, 0]);
  const counts = shown.map(({ recent }) => Latencies.decode(recent).count);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    900,
  );
  present(server.users.get("user1")).mailbox.state = "connecting";
  await clock.advance(250);
  assert.equal(shown.at(-1)?.connected, clients - 1);
  assert.equal(Latencies.decode(shown.at(-1)?.recent ?? "").count, 0);
});

test("a simulation that is stopped sends and shows nothing more, closes its users, and says that it has ended", async () => {
  const { simulation, clock, server, gather, run, ends } = newSimulation();
  const shown: unknown[] = [];
  simulation.showTo({ live: (counts) => void shown.push(counts) });
  await gather();
  run();
  await clock.advance(1100);
  const [sent, told] = [server.sent.length, shown.length];
  simulation.stop();
  assert.deepEqual(ends, ["lag stopped", "ended"]);
  await clock.advance(1000);
  assert.ok(server.sent.length - sent <= 1);
  assert.equal(shown.length, told);
  assert.equal(server.log.filter((line) => line.endsWith("closes")).length, clients);
});

test("what a thread's users saw is told with who can read it again", async () => {
  const { simulation, clock, server, gather } = newSimulation();
  const group = present((await gather()).get(0));
  server.deliver(group, clientMessageId(1n));
  await clock.advance(0);
  const { audit, readers } = simulation.testify();
  assert.deepEqual(
    audit.groups.map(({ group: of, stays }) => [of, stays.map(({ delivered }) => delivered)]),
    [[group, [1, 1, 1]]],
  );
  assert.deepEqual(
    readers.map(({ client, groups }) => [client, groups]),
    [[0, [group]]],
  );
});

test("all threads plan the same groups, drawn from the seed alone", async () => {
  const groups = [{ count: 6, sizes: { kind: "fixed", size: 3 } }] as const;
  const founded: string[] = [];
  for (const thread of [0, 1]) {
    const { simulation, server } = newSimulation({ clients: 20, groups: [...groups], threads: 2, thread, seed: 5 });
    await simulation.connect();
    await simulation.found();
    founded.push(...server.log.filter((line) => line.includes("founds")));
  }
  const workload = workloadOf({ clients: 20, groups: [...groups], threads: 2, seed: 5 });
  const planned = drawPopulation(workload, seededRandom(5)).groups.map(
    ({ members: [founder, ...others] }, number) =>
      `user${founder} founds group ${number} with ${others.map((member) => `user${member}`).join()}`,
  );
  assert.deepEqual(founded.sort(), planned.sort());
});

test("chance differs from thread to thread and from seed to seed, and replays", async () => {
  const drawn = async (thread: number, seed: number) => {
    const { simulation, server } = newSimulation({ threads: 3, thread, seed });
    await simulation.connect();
    return present([...server.users.values()][0]).setup.random.uint32();
  };
  const draws = await Promise.all([drawn(0, 1), drawn(1, 1), drawn(2, 1), drawn(0, 2), drawn(1, 2)]);
  assert.equal(new Set(draws).size, draws.length);
  assert.equal(await drawn(1, 2), draws.at(-1));
});

test("whoever is removed meanwhile is one of the members that the stretch says", async () => {
  const { clock, server, gather, run } = newSimulation();
  const group = present((await gather()).get(0));
  const { done } = run({ churn: { ...stretch.churn, removedShare: 1, removedSeconds: 1 } });
  await clock.advance(5000);
  await done;
  assert.equal(group, groupId(70));
  assert.match(server.log.filter((line) => line.includes("remove")).join(), /^user\d removes user\d,user\d in 70$/);
});

test("settling waits for every group", async () => {
  const { simulation, clock, server, gather } = newSimulation({
    clients: 2,
    groups: [{ count: 2, sizes: { kind: "fixed", size: 2 } }],
  });
  const [first, second] = [...(await gather()).values()];
  let isOver = false;
  const lasts = new Map([
    [present(first), 1],
    [present(second), 1],
  ]);
  const settling = simulation.settle(lasts, 10).finally(() => (isOver = true));
  server.deliver(present(first), clientMessageId(1n));
  await clock.advance(1000);
  assert.equal(isOver, false);
  server.deliver(present(second), clientMessageId(2n));
  await clock.advance(20);
  await settling;
});

test("many users who leave at once are no leak of which Node would warn", async () => {
  const warnings: string[] = [];
  const warned = ({ name }: Error) => void warnings.push(name);
  process.on("warning", warned);
  const { clock, gather, run } = newSimulation({
    clients: 30,
    groups: [{ count: 1, sizes: { kind: "fixed", size: 2 } }],
  });
  await gather();
  const { done } = run({ churn: { ...stretch.churn, awayShare: 1 } });
  await clock.advance(5000);
  await done;
  process.off("warning", warned);
  assert.deepEqual(warnings, []);
});
