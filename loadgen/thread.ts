import { parentPort, workerData } from "node:worker_threads";
import { IdentityCache } from "../core/client/identity-book.ts";
import type { SendOutcome } from "../core/client/outbox.ts";
import type { Content } from "../core/e2ee/content.ts";
import { encodeContent } from "../core/e2ee/content.ts";
import { rsaFernetPayloadBytes } from "../core/e2ee/rsa-fernet.ts";
import { systemClock as clock, sleep } from "../core/platform/clock.ts";
import { messageOf } from "../core/platform/failure.ts";
import { LoopLag } from "../core/platform/loop-lag.ts";
import { seededRandom, shuffled } from "../core/platform/random.ts";
import type { DeliverCursor } from "../core/wire/deliver-frame.ts";
import type { ClientMessageId, GroupId } from "../core/wire/ids.ts";
import { messageTypes } from "../core/wire/send-frame.ts";
import { GroupObserver, type Stay } from "./group-observer.ts";
import { microsSince, sentSlots, slotOf, stamp } from "./message-stamp.ts";
import { sendWhenDue } from "./pace.ts";
import { type ClientIndex, drawPopulation, threadOf } from "./population.ts";
import { Latencies } from "./recorder.ts";
import { Arrivals, type Pair, SenderTable } from "./schedule.ts";
import { SimulatedUser } from "./simulated-user.ts";
import type { Reader, ThreadOrder, ThreadReport, ThreadStart } from "./thread-protocol.ts";

/** Many simulated users in one worker thread: connects them, lets them write, and watches what they get. */
const start = workerData as ThreadStart;
const port = parentPort as NonNullable<typeof parentPort>;
const report = (message: ThreadReport) => port.postMessage(message);

const { workload, thread } = start;
const random = seededRandom(workload.seed * 31 + thread);
const population = drawPopulation(workload, seededRandom(workload.seed));
const isMine = (client: ClientIndex) => threadOf(client, workload.threads) === thread;
const senders = new SenderTable(population, isMine);
const lateness = start.lateness[thread] as Int32Array;
const lag = new LoopLag();

/** Sign-ups under way at once, and groups being founded: enough to keep a server busy, few enough to stay in its queues. */
const connectsAtOnce = 32;
const foundsAtOnce = 8;
const refreshesAtOnce = 16;
const joinMsMax = 30_000;
const liveEveryMs = 250;
/** A loopback address has ports for so many sockets to one server. */
const socketsPerAddress = 20_000;

const users = new Map<ClientIndex, SimulatedUser>();
const observers = new Map<GroupId, GroupObserver>();
let groupIds: ReadonlyMap<number, GroupId> = new Map();
let expectedStays = 0;
let openStays = 0;

let startMs = Number.POSITIVE_INFINITY;
const measureFrom = () => startMs + workload.warmUpSeconds * 1000;
const measureUntil = () => measureFrom() + workload.durationSeconds * 1000;

const recorded = {
  ack: new Latencies(),
  delivery: new Latencies(),
  deliveryUncorrected: new Latencies(),
  late: new Latencies(),
  recent: new Latencies(),
};
const counted = {
  sent: 0,
  offered: 0,
  acknowledged: 0,
  delivered: 0,
  deliveriesInTime: 0,
  strays: 0,
  undecryptable: 0,
};
const failures = new Map<string, number>();
const breaches: GroupObserver["breaches"] = [];
let slot = 0;
/** Of the measured time. */
let runLag = { p99Ms: 0, utilization: 0 };
let stopped = false;

const identities = new IdentityCache();
const openShare = workload.encryption.mode === "real" ? workload.encryption.openShare : 0;

port.on("message", (order: ThreadOrder) => {
  void carryOut(order).then(
    () => {
      if (order.kind !== "stop") report({ kind: "done", order: order.kind });
    },
    (cause) => report({ kind: "failed", code: codeOf(cause), message: messageOf(cause) }),
  );
});
const live = setInterval(reportLive, liveEveryMs);

async function carryOut(order: ThreadOrder): Promise<void> {
  switch (order.kind) {
    case "connect":
      return connect();
    case "found":
      return found();
    case "join":
      return join(order.groups);
    case "run":
      return run(order.startMs);
    case "settle":
      return settle(order.lasts);
    case "report":
      return reportResult();
    case "stop":
      return stop();
    default:
      order satisfies never;
  }
}

async function connect(): Promise<void> {
  const mine = Array.from({ length: workload.clients }, (_, client) => client).filter(isMine);
  const began = clock.monotonic();
  await eachAtOnce(mine, connectsAtOnce, async (index) => {
    const due = began + (workload.rampSeconds * 1000 * index) / workload.clients;
    if (due > clock.monotonic()) await sleep(clock, due - clock.monotonic());
    await connectUser(index);
  });
}

async function connectUser(index: ClientIndex): Promise<void> {
  const user = new SimulatedUser(
    {
      index,
      target: start.target,
      accounts: start.accounts,
      keyPairs: start.keyPairs[index % start.keyPairs.length] as ThreadStart["keyPairs"][number],
      identities,
      random: random.fork(),
      localAddress: localAddress(index),
      opens: () => random.unit() < openShare,
    },
    { joined, left, delivered, strayed, unreadable, missing },
  );
  users.set(index, user);
  for (let attempt = 1; ; attempt++) {
    const welcome = await user.connect();
    if (welcome.ok) return;
    const { code, detail, retryAfterMs } = welcome.reason;
    if (attempt === 20 || !["busy", "offline", "timeout"].includes(code)) {
      throw Object.assign(new Error(`user ${user.name} cannot get in: ${detail}`), { code });
    }
    await sleep(clock, (retryAfterMs ?? 200) * (0.5 + random.unit()));
  }
}

function localAddress(index: ClientIndex): string | undefined {
  const isLoopback = /^(127\.|localhost)/.test(start.target);
  if (!isLoopback || workload.clients <= socketsPerAddress) return undefined;
  return `127.0.${1 + Math.floor(index / socketsPerAddress)}.1`;
}

async function found(): Promise<void> {
  const mine = population.groups
    .map((group, i) => ({ group, i }))
    .filter(({ group }) => isMine(group.members[0] as number));
  const founded = new Map<number, GroupId>();
  await eachAtOnce(mine, foundsAtOnce, async ({ group, i }) => {
    const founder = users.get(group.members[0] as ClientIndex) as SimulatedUser;
    const names = group.members.slice(1).map((member) => `${start.accounts.namePrefix}${member}`);
    const conversation = await founder.client.createGroup({ title: `group ${i}`, members: names });
    if (!conversation.ok) throw new Error(`group ${i} cannot be founded: ${conversation.reason}`);
    founded.set(i, conversation.value.group);
  });
  report({ kind: "founded", groups: founded });
}

async function join(groups: ReadonlyMap<number, GroupId>): Promise<void> {
  groupIds = groups;
  expectedStays = 0;
  for (const { members } of population.groups) expectedStays += members.filter(isMine).length;
  const deadline = clock.monotonic() + joinMsMax;
  while (openStays < expectedStays) {
    if (clock.monotonic() > deadline)
      throw new Error(`${expectedStays - openStays} clients were not let into their groups`);
    await sleep(clock, 20);
  }
  if (workload.encryption.mode !== "real") return;
  // Whoever writes has the group's key before the clock starts, as people who have a group open do.
  const conversations = [...users.values()].flatMap((user) => [...user.stays.keys()].map((group) => ({ user, group })));
  await eachAtOnce(conversations, refreshesAtOnce, async ({ user, group }) => {
    const ready = await user.client.conversation(group).refresh();
    if (!ready.ok) throw new Error(`user ${user.name}: ${ready.reason}`);
  });
}

/** Does the work for every item, so many of them at once. */
async function eachAtOnce<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) await work(items[i] as T);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function run(atMs: number): Promise<void> {
  startMs = atMs;
  await sleep(clock, Math.max(0, startMs - clock.monotonic()));
  const underWay = [sendUntilOver(), ...planAbsences(), ...planRemovals()];
  clock.after(Math.max(0, measureFrom() - clock.monotonic()), () => lag.read());
  await Promise.all(underWay);
  await sleep(clock, Math.max(0, measureUntil() - clock.monotonic()));
  runLag = lag.read();
}

function sendUntilOver(): Promise<void> {
  const { arrivals } = workload;
  return arrivals.kind === "saturate" ? saturate(arrivals.inFlightPerGroup) : sendOpenLoop(arrivals);
}

function sendOpenLoop(of: { kind: "constant" | "poisson"; ratePerSecond: number }): Promise<void> {
  const total = population.groups.reduce((sum, group) => sum + group.weight, 0);
  const rate = (of.ratePerSecond * senders.weight) / total;
  if (rate === 0) return Promise.resolve();
  const by = { clock, startMs, untilMs: measureUntil(), stopped: () => stopped };
  return sendWhenDue(new Arrivals(of.kind, rate, random.fork()), by, (dueMs) => {
    const pair = drawPresent();
    if (pair) send(pair, dueMs);
  });
}

/** Somebody who is there to write. */
function drawPresent(): Pair | undefined {
  for (let attempt = 0; attempt < 20; attempt++) {
    const pair = senders.draw(random);
    const user = pair && users.get(pair.sender);
    if (user && !user.away && user.stays.has(groupIds.get(pair.group) as GroupId)) return pair;
  }
  return undefined;
}

/** Keeps so many messages under way in each group that this thread looks after. */
function saturate(inFlight: number): Promise<void> {
  const overMs = () => measureUntil();
  const chains: Promise<void>[] = [];
  population.groups.forEach(({ members }, group) => {
    if (!isMine(members[0] as ClientIndex)) return;
    const mine = members.filter(isMine);
    const chain = async () => {
      while (!stopped && clock.monotonic() < overMs()) {
        const sender = mine[random.below(mine.length)] as ClientIndex;
        await new Promise<void>((resolve) => send({ group, sender }, clock.monotonic(), resolve));
      }
    };
    for (let i = 0; i < inFlight; i++) chains.push(chain());
  });
  return Promise.all(chains).then(() => undefined);
}

function send({ group, sender }: Pair, dueMs: number, settled?: () => void): void {
  const user = users.get(sender) as SimulatedUser;
  const id = groupIds.get(group) as GroupId;
  const nowMs = clock.monotonic();
  const mySlot = slot++ % sentSlots;
  const lateMicros = (nowMs - dueMs) * 1000;
  lateness[mySlot] = lateMicros;
  const measured = dueMs >= measureFrom() && dueMs < measureUntil();
  counted.sent++;
  if (measured) {
    counted.offered++;
    recorded.late.record(lateMicros);
  }
  const messageId = stamp(dueMs * 1000 + start.stampOffsetMicros, thread, mySlot);
  const outcome = (result: SendOutcome) => {
    if (result.ok) {
      counted.acknowledged++;
      if (measured) recorded.ack.record((clock.monotonic() - dueMs) * 1000);
      observers.get(id)?.acknowledged(result.seq, Number(messageId >> 32n), Number(messageId & 0xffff_ffffn));
    } else {
      failed(result.code);
    }
    settled?.();
  };
  const taken = transmit(user, id, messageId, outcome);
  if (taken.ok) return;
  failed("outbox_full");
  settled?.();
}

function transmit(user: SimulatedUser, group: GroupId, id: ClientMessageId, outcome: (result: SendOutcome) => void) {
  const { payload } = workload;
  const bytes = payload.kind === "fixed" ? payload.bytes : payload.min + random.below(payload.max - payload.min + 1);
  switch (workload.encryption.mode) {
    case "real":
      return user.sendSealed(group, contentOf(bytes), id, outcome);
    case "sealed":
      return user.sendBytes(group, bytesOf(rsaFernetPayloadBytes(encodeContent(contentOf(bytes)).length)), id, outcome);
    case "none":
      return user.sendBytes(group, bytesOf(encodeContent(contentOf(bytes)).length), id, outcome);
    default:
      return workload.encryption satisfies never;
  }
}

const contents = new Map<number, Content>();
function contentOf(bytes: number): Content {
  let content = contents.get(bytes);
  if (!content) {
    content = { kind: "text", text: "a".repeat(bytes) };
    contents.set(bytes, content);
  }
  return content;
}

const prepared = new Map<number, Uint8Array>();
function bytesOf(length: number): Uint8Array {
  let bytes = prepared.get(length);
  if (!bytes) {
    bytes = new Uint8Array(length).fill(0x61);
    prepared.set(length, bytes);
  }
  return bytes;
}

function failed(code: string): void {
  failures.set(code, (failures.get(code) ?? 0) + 1);
}

/** Each at its own moment in the first two thirds of the measured time. */
function planAbsences(): Promise<void>[] {
  const { awayShare, awaySeconds } = workload.churn;
  const leaving = shuffled(random, [...users.values()]).slice(0, Math.round(users.size * awayShare));
  return leaving.map(async (user) => {
    await sleep(clock, randomMoment());
    user.leaveNetwork();
    await sleep(clock, awaySeconds * 1000);
    user.comeBack();
  });
}

/** The admin of each group removes a part of its members, and admits them again. */
function planRemovals(): Promise<void>[] {
  const { removedShare, removedSeconds } = workload.churn;
  if (removedShare === 0) return [];
  const plans: Promise<void>[] = [];
  population.groups.forEach(({ members }, group) => {
    const admin = users.get(members[0] as ClientIndex);
    const count = Math.round((members.length - 1) * removedShare);
    if (!admin || count === 0) return;
    const names = shuffled(random, members.slice(1))
      .slice(0, count)
      .map((member) => `${start.accounts.namePrefix}${member}`);
    plans.push(removeAndAdmit(admin, groupIds.get(group) as GroupId, names, removedSeconds));
  });
  return plans;
}

async function removeAndAdmit(admin: SimulatedUser, group: GroupId, names: string[], seconds: number): Promise<void> {
  await sleep(clock, randomMoment());
  for (const action of ["remove", "admit"] as const) {
    const changed = await admin.client.changeGroup(group, { action, names });
    if (!changed.ok) failed(`change_refused: ${changed.reason}`);
    if (action === "remove") await sleep(clock, seconds * 1000);
  }
}

function randomMoment(): number {
  const from = measureFrom() - clock.monotonic();
  return Math.max(0, from + random.unit() * workload.durationSeconds * 1000 * (2 / 3));
}

function joined(user: SimulatedUser, group: GroupId, after: number): void {
  let observer = observers.get(group);
  if (!observer) {
    observer = new GroupObserver(group, after);
    observers.set(group, observer);
  }
  user.stays.set(group, observer.enter(user.index, user.user, after));
  openStays++;
}

function left(user: SimulatedUser, group: GroupId): void {
  const stay = user.stays.get(group);
  if (!stay) return;
  stay.left = true;
  user.stays.delete(group);
  openStays--;
}

function delivered(user: SimulatedUser, group: GroupId, message: DeliverCursor): void {
  const stay = user.stays.get(group) as Stay;
  stay.observer.delivered(stay, message);
  counted.delivered++;
  if (message.type !== messageTypes.application) return;
  const nowMs = clock.monotonic();
  if (nowMs >= measureFrom() && nowMs < measureUntil()) counted.deliveriesInTime++;
  const low = message.clientMessageIdLow;
  const micros = microsSince(message.clientMessageIdHigh, low, nowMs * 1000 + start.stampOffsetMicros);
  const dueMs = nowMs - micros / 1000;
  // What was due before it came back, it got by catching up: delivered late because it was away, not because of a server.
  if (dueMs < user.onlineSinceMs) return;
  recorded.recent.record(micros);
  if (dueMs < measureFrom() || dueMs >= measureUntil()) return;
  recorded.delivery.record(micros);
  const sent = slotOf(low);
  recorded.deliveryUncorrected.record(micros - (start.lateness[sent.thread]?.[sent.slot] ?? 0));
}

function strayed(user: SimulatedUser, group: GroupId): void {
  counted.strays++;
  breaches.push({ promise: 4, what: "was given messages of a group that it had left", group, client: user.index });
}

function unreadable(user: SimulatedUser, detail: string): void {
  counted.undecryptable++;
  breaches.push({ promise: 5, what: `could not open a message: ${detail}`, group: 0, client: user.index });
}

function missing(user: SimulatedUser, group: GroupId, from: number, through: number): void {
  const what = `the server holds nothing at ${from} to ${through}`;
  breaches.push({ promise: 1, what, group, client: user.index, seq: from });
}

/** Until nothing is under way and every member has seen every place, or the workload's patience is over. */
async function settle(lasts: ReadonlyMap<GroupId, number>): Promise<void> {
  const deadline = clock.monotonic() + workload.settleSeconds * 1000;
  const isSettled = () => {
    for (const user of users.values()) if (user.client.mailbox.unsettled > 0) return false;
    for (const [group, observer] of observers) if (!observer.reached(lasts.get(group) ?? 0)) return false;
    return true;
  };
  while (!isSettled() && clock.monotonic() < deadline) await sleep(clock, 20);
  report({ kind: "lasts", lasts: new Map([...observers].map(([group, observer]) => [group, observer.last])) });
}

function reportResult(): void {
  const { p99Ms, utilization } = runLag;
  for (const user of users.values()) {
    const { unsettled } = user.client.mailbox;
    if (unsettled > 0) failures.set("no_outcome", (failures.get("no_outcome") ?? 0) + unsettled);
  }
  report({
    kind: "result",
    result: {
      audit: {
        sent: counted.sent,
        groups: [...observers.values()].map((observer) => observer.record()),
        breaches: [...breaches, ...[...observers.values()].flatMap((observer) => observer.breaches)].slice(0, 50),
        reordered: [...observers.values()].reduce((sum, observer) => sum + observer.reordered, 0),
        undecryptable: counted.undecryptable,
        strays: counted.strays,
      },
      offered: counted.offered,
      deliveries: counted.deliveriesInTime,
      ack: recorded.ack.encode(),
      delivery: recorded.delivery.encode(),
      deliveryUncorrected: recorded.deliveryUncorrected.encode(),
      late: recorded.late.encode(),
      loopLagP99Ms: p99Ms,
      loopUtilization: utilization,
      failures,
      readers: readers(),
    },
  });
}

/** For each group that this thread's clients are in, one of them, as few as do. */
function readers(): Reader[] {
  const uncovered = new Set<GroupId>(observers.keys());
  const chosen: Reader[] = [];
  for (const user of [...users.values()].sort((a, b) => b.stays.size - a.stays.size)) {
    const groups = [...user.stays.keys()].filter((group) => uncovered.has(group));
    if (groups.length === 0 || !user.welcome) continue;
    for (const group of groups) uncovered.delete(group);
    chosen.push({ client: user.index, user: user.user, token: user.welcome.token, groups });
  }
  return chosen;
}

function reportLive(): void {
  let connected = 0;
  for (const user of users.values()) if (user.client.mailbox.state === "online") connected++;
  report({
    kind: "live",
    live: {
      connected,
      offered: counted.sent,
      acknowledged: counted.acknowledged,
      delivered: counted.delivered,
      errors: [...failures.values()].reduce((sum, count) => sum + count, 0),
      recent: recorded.recent.encode(),
    },
  });
  recorded.recent.reset();
}

function stop(): void {
  stopped = true;
  clearInterval(live);
  lag.stop();
  for (const user of users.values()) user.client.close();
  port.close();
}

function codeOf(cause: unknown): string {
  return (cause as { code?: string }).code ?? "generator_failed";
}
