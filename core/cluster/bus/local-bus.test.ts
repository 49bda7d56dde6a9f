import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { until } from "../../testing/until.ts";
import { type GroupId, groupId } from "../../wire/ids.ts";
import { encodeLinkFrame } from "../../wire/link-frame.ts";
import { LocalBus } from "./local-bus.ts";

interface Heard {
  readonly delivered: string[];
  readonly received: string[];
  readonly subscribed: string[];
  readonly gone: string[];
}

function openBus(name: string, clock = systemClock): { bus: LocalBus; heard: Heard } {
  const bus = new LocalBus(name, { clock, log: silentLog });
  const heard: Heard = { delivered: [], received: [], subscribed: [], gone: [] };
  bus.listen({
    delivered: (frame) => heard.delivered.push(Buffer.from(frame).toString()),
    received: (from, frame) => heard.received.push(`${from} ${frame.kind}`),
    subscribed: (server, groups) => heard.subscribed.push(`${server} ${groups.join()}`),
    gone: (server) => heard.gone.push(server),
  });
  return { bus, heard };
}

function link(a: LocalBus, b: LocalBus): void {
  const { port1, port2 } = new MessageChannel();
  a.addPeer(b.self, port1);
  b.addPeer(a.self, port2);
}

const frame = (group: number, text: string, count = 1) => ({
  group: groupId(group),
  count,
  frame: Buffer.from(text),
});
const groups = (...ids: number[]): GroupId[] => ids.map(groupId);

test("frames go to the servers that subscribed to their groups, and to no others", async () => {
  const [a, b, c] = [openBus("a"), openBus("b"), openBus("c")];
  link(a.bus, b.bus);
  link(a.bus, c.bus);
  link(b.bus, c.bus);
  await b.bus.subscribe(groups(1, 2));
  await c.bus.subscribe(groups(2));
  assert.equal(a.bus.deliver([frame(1, "one"), frame(2, "two"), frame(3, "three")]), 3);
  await until(() => b.heard.delivered.length === 2 && c.heard.delivered.length === 1, "the frames arrive");
  assert.deepEqual(b.heard.delivered, ["one", "two"]);
  assert.deepEqual(c.heard.delivered, ["two"]);
  b.bus.unsubscribe(groups(1));
  await b.bus.subscribe(groups(9));
  assert.equal(a.bus.deliver([frame(1, "again")]), 0);
  assert.deepEqual(a.heard.subscribed, ["b 1,2", "c 2", "b 9"]);
  for (const { bus } of [a, b, c]) bus.close();
});

test("once a subscription has resolved, everything that a peer delivers to the group arrives", async () => {
  const [a, b] = [openBus("a"), openBus("b")];
  link(a.bus, b.bus);
  for (let group = 1; group <= 50; group++) {
    await b.bus.subscribe(groups(group));
    assert.equal(a.bus.deliver([frame(group, `${group}`)]), 1);
  }
  await until(() => b.heard.delivered.length === 50, "all of them arrive");
  a.bus.close();
  b.bus.close();
});

test("a server that is added later gets the groups that were subscribed to before", async () => {
  const [a, b] = [openBus("a"), openBus("b")];
  await b.bus.subscribe(groups(5));
  link(a.bus, b.bus);
  await until(() => a.heard.subscribed.length === 1, "the groups have arrived");
  assert.equal(a.bus.deliver([frame(5, "hello", 3)]), 3, "each message counts");
  await b.bus.subscribe(groups(6));
  b.bus.unsubscribe(groups(5));
  const c = openBus("c");
  link(c.bus, b.bus);
  await until(() => c.heard.subscribed.length === 1, "the groups have arrived there, too");
  assert.deepEqual(c.heard.subscribed, ["b 6"], "without those that it does not want any more");
  c.bus.close();
  a.bus.close();
  b.bus.close();
});

test("a subscription does not wait for a server that hangs or is removed", async () => {
  const clock = new FakeClock();
  const { bus } = openBus("a", clock);
  const { port1, port2 } = new MessageChannel();
  bus.addPeer("hanging", port1);
  let subscribed = false;
  const subscribing = bus.subscribe(groups(1)).then(() => {
    subscribed = true;
  });
  await clock.advance(500);
  assert.equal(subscribed, false);
  await clock.advance(600);
  await subscribing;
  const again = bus.subscribe(groups(2));
  bus.removePeer("hanging");
  await again;
  assert.equal(clock.waiting, 0, "no timer is left");
  port2.close();
  bus.close();
});

test("the end of a server is announced once, and frames for it are dropped", async () => {
  const [a, b] = [openBus("a"), openBus("b")];
  link(a.bus, b.bus);
  await b.bus.subscribe(groups(1));
  a.bus.removePeer("b");
  a.bus.removePeer("b");
  assert.deepEqual(a.heard.gone, ["b"]);
  assert.equal(a.bus.deliver([frame(1, "lost")]), 0);
  a.bus.send("b", { kind: "bye", at: 1 });
  b.bus.close();
});

test("a server that is back takes the place of the one before, which has gone with its subscriptions", async () => {
  const [a, before, after] = [openBus("a"), openBus("b"), openBus("b")];
  link(a.bus, before.bus);
  await before.bus.subscribe(groups(1));
  link(a.bus, after.bus);
  assert.deepEqual(a.heard.gone, ["b"]);
  assert.equal(a.bus.deliver([frame(1, "lost")]), 0);
  await after.bus.subscribe(groups(2));
  assert.equal(a.bus.deliver([frame(2, "hello")]), 1);
  for (const { bus } of [a, before, after]) bus.close();
});

test("a frame that is none is logged, and what comes behind it arrives", async () => {
  const { bus, heard } = openBus("a");
  const { port1, port2 } = new MessageChannel();
  bus.addPeer("broken", port1);
  port2.postMessage(new Uint8Array(3));
  port2.postMessage(encodeLinkFrame({ kind: "bye", at: 1 }));
  await until(() => heard.received.length === 1, "the next frame arrives");
  assert.deepEqual(heard.received, ["broken bye"]);
  port2.close();
  bus.close();
});

test("a frame in Node's buffer pool is copied, and the pool stays usable", async () => {
  const [a, b] = [openBus("a"), openBus("b")];
  link(a.bus, b.bus);
  const pooled = Buffer.from("pooled");
  a.bus.broadcast({
    kind: "heartbeat",
    url: "ws://x",
    at: 1,
    load: { connections: 1, utilization: 0, lagMs: 0, draining: false },
  });
  await until(() => b.heard.received.length === 1, "it arrives");
  assert.equal(pooled.toString(), "pooled");
  assert.deepEqual(b.heard.received, ["a heartbeat"]);
  a.bus.close();
  b.bus.close();
});
