import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { dialAssigned, dialDirectly } from "../../client/socket/dial.ts";
import { seededRandom } from "../../platform/random.ts";
import { assertAgreement, converse, interruptions, testSeed } from "../../testing/chaos.ts";
import { freshDatabase, ownPostgres } from "../../testing/database.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { losing } from "../../testing/lossy-socket.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { RawClient } from "../../testing/raw-client.ts";
import { serverPort, serversAt, serverUrl } from "../../testing/server-url.ts";
import { send } from "../../testing/session-frames.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { ackKind } from "../../wire/ack-frame.ts";
import type { GroupId } from "../../wire/ids.ts";

let names = 0;

/** A deployment that tests share which neither break it nor count its connections. */
let two: Promise<TestDeployment> | undefined;
function twoServers(): Promise<TestDeployment> {
  two ??= deploy({ servers: 2 });
  return two;
}
const scratch = mkdtempSync(path.join(tmpdir(), "cluster-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Somebody who always connects to the same server. */
const personOn = (deployment: TestDeployment, server: number): Promise<Person> =>
  person(deployment.target, `person${names++}`, { dial: dialDirectly(serverUrl(deployment, server)) });

/** People spread over the servers, each always on the same one. */
async function peopleOn(deployment: TestDeployment, count: number): Promise<Person[]> {
  const servers = deployment.cluster.serverPorts.length;
  return Promise.all(Array.from({ length: count }, (_, i) => personOn(deployment, i % servers)));
}

async function groupOfAll([founder, ...others]: readonly Person[]): Promise<GroupId> {
  return groupOf(present(founder), ...others);
}

for (const transport of transportsHere) {
  test(`people on three servers agree on a conversation whatever breaks their connections (${transport})`, async (t) => {
    const random = testSeed(t);
    const deployment = await deploy({ servers: 3, transport });
    const people = await peopleOn(deployment, 6);
    const group = await groupOfAll(people);
    const written = await converse(people, group, {
      random,
      messages: 200,
      disturbances: [interruptions(people, random, 0.15)],
    });
    assert.equal(written.size, 200);
    await assertAgreement(people, group, written);
    await deployment.stop();
  });
}

test("a server that breaks in the middle costs nobody a message, and comes back", async (t) => {
  const random = testSeed(t);
  const deployment = await deploy({ servers: 3 });
  // By /assign, so that clients of the broken server connect to another.
  const people = await Promise.all(Array.from({ length: 6 }, () => person(deployment.target, `person${names++}`)));
  const group = await groupOfAll(people);
  let crashes = 0;
  const written = await converse(people, group, {
    random,
    messages: 150,
    disturbances: [
      {
        chance: 0.03,
        happen: () => {
          if (crashes++ < 3) void deployment.cluster.crash(random.below(3));
        },
      },
    ],
  });
  await deployment.cluster.crash(0);
  await assertAgreement(people, group, written);
  await until(async () => {
    const servers = await serversAt(deployment.target).catch(() => []);
    return servers.length === 3;
  }, "all three servers are back");
  const again = await converse(people, group, { random, messages: 10, disturbances: [] });
  await assertAgreement(people, group, new Map([...written, ...again]));
  await deployment.stop();
});

test("a database that is killed and comes back loses nothing that was acknowledged", async (t) => {
  const random = testSeed(t);
  const postgres = await ownPostgres();
  const deployment = await deploy({ servers: 2, database: await freshDatabase(postgres.url()) });
  const people = await peopleOn(deployment, 4);
  const group = await groupOfAll(people);
  const pull = async () => {
    await postgres.kill();
    await new Promise((resolve) => setTimeout(resolve, random.unit() * 300));
    await postgres.restart();
  };
  let pulls = 0;
  let pulling = Promise.resolve();
  const written = await converse(people, group, {
    random,
    messages: 120,
    disturbances: [
      {
        chance: 0.05,
        happen: () => {
          if (pulls++ < 3) pulling = pulling.then(pull);
        },
      },
    ],
  });
  await pulling;
  await pull();
  await assertAgreement(people, group, written);
  await deployment.stop();
});

test("while the database is away a server is not ready, and refuses messages once its queue is full", async () => {
  const postgres = await ownPostgres();
  const url = await freshDatabase(postgres.url());
  const deployment = await deploy({ database: url, ingestRowsMax: 20 });
  const alice = await person(deployment.target, `person${names++}`);
  const group = await groupOf(alice);
  assert.equal((await alice.say(group, "the server knows the group")).ok, true);
  await postgres.kill();
  const raw = await rawAs(deployment, alice);
  for (let i = 0; i < 60; i++) raw.sendBytes(send(group, i));
  const busy = () =>
    raw.frames.filter((frame) => frame.kind === "reject" && frame.code === "busy" && (frame.retryAfterMs ?? 0) > 0);
  await until(() => busy().length >= 20, "what does not fit into the queues is refused as busy");
  await until(
    async () => (await fetch(`http://${deployment.target}/readyz`)).status === 503,
    "the server is not ready",
  );
  assert.equal(raw.frames.filter((frame) => frame.kind === "ack").length, 0, "nothing is acknowledged");
  await postgres.restart();
  const acknowledged = () => raw.frames.flatMap((frame) => (frame.kind === "ack" ? frame.acknowledgements : []));
  await until(
    () => acknowledged().length + busy().length === 60,
    "what was taken in is acknowledged once it is stored",
  );
  assert.ok(acknowledged().length >= 20, `${acknowledged().length} acknowledged, ${busy().length} busy`);
  await until(
    async () => (await fetch(`http://${deployment.target}/readyz`)).status === 200,
    "the server is ready again",
  );
  await deployment.stop();
});

test("a reader that stops reading is cut off, the others notice nothing, and it gets everything when it returns", async () => {
  const deployment = await deploy({ backpressureBytesMax: 64 * 1024 });
  const [alice, bob] = [await personOn(deployment, 0), await personOn(deployment, 0)];
  const group = await groupOf(alice, bob);
  const slow = await rawAs(deployment, bob);
  await slow.ask({ kind: "groups" });
  slow.pause();
  const payload = new Uint8Array(60_000);
  const sender = await rawAs(deployment, alice);
  const received: number[] = [];
  const reader = await rawAs(deployment, bob);
  await reader.ask({ kind: "groups" });
  const total = 300;
  for (let i = 1; i <= total; i++) {
    sender.sendBytes(send(group, i, { payload }));
    // One at a time: on a busy machine the reader may be behind for a moment, and must not be cut off for that.
    await until(() => seqsOf(reader).length >= i, "the reader keeps up");
  }
  received.push(...seqsOf(reader));
  assert.equal(received.length, total);
  await until(
    async () => (await metric(deployment, "fastchat_backpressure_disconnects_total")) === 1,
    "one was cut off",
  );
  slow.resume();
  await slow.ended();
  const back = await rawAs(deployment, bob);
  for (let after = 1; after <= total; ) {
    const page = await back.ask({ kind: "sync", group, after, through: total + 1 });
    assert.equal(page.kind, "synced");
    if (page.kind === "synced") after = page.through;
    if (page.kind === "synced" && page.through >= page.lastSeq) break;
  }
  assert.deepEqual(seqsOf(back), received);
  await deployment.stop();
});

test("a resend after a lost acknowledgement gets the same seq, also at another server", async () => {
  const deployment = await twoServers();
  let lost = 0;
  let dials = 0;
  const alice = await person(deployment.target, `person${names++}`, {
    dial: async () => ({ ok: true, value: serverUrl(deployment, dials++ % 2) }),
    open: losing((frame) => frame[1] === ackKind && lost++ === 0),
  });
  const bob = await person(deployment.target, `person${names++}`);
  const group = await groupOf(alice, bob);
  const outcome = alice.say(group, "once");
  await until(() => lost === 1, "the acknowledgement is lost");
  alice.client.mailbox.interrupt();
  const first = await outcome;
  assert.equal(first.ok && first.seq, 2);
  const next = await alice.say(group, "twice");
  assert.equal(next.ok && next.seq, 3);
  await until(() => bob.texts(group).length === 2, "bob has both");
  assert.deepEqual(bob.texts(group), ["once", "twice"]);
});

test("after a member has left, the next message is sealed under a new key, and those who stay read it", async () => {
  const deployment = await twoServers();
  const people = await peopleOn(deployment, 4);
  const [alice, bob, carol, dan] = people;
  assert.ok(alice && bob && carol && dan);
  const group = await groupOfAll(people);
  for (const [i, leaver] of [dan, carol].entries()) {
    assert.ok((await leaver.client.changeGroup(group, { action: "leave" })).ok);
    const said = await alice.say(group, `without ${leaver.name}`);
    assert.ok(said.ok, JSON.stringify(said));
    await until(() => bob.texts(group).length === i + 1, "bob, who stays, reads it");
    assert.deepEqual(leaver.texts(group), leaver === carol ? [`without ${dan.name}`] : []);
  }
  assert.equal(alice.client.conversation(group).membership?.epoch, 5);
});

test("a removed member's late message is refused, under the old epoch and under the new one", async () => {
  const deployment = await twoServers();
  const [alice, bob, carol] = [
    await personOn(deployment, 0),
    await personOn(deployment, 1),
    await personOn(deployment, 0),
  ];
  const group = await groupOf(alice, bob, carol);
  // At another server than the admin's: the bus brings it the removal.
  const late = await rawAs(deployment, bob, 1);
  await late.ask({ kind: "groups" });
  const removed = await alice.client.changeGroup(group, { action: "remove", names: [bob.name] });
  assert.ok(removed.ok);
  late.sendBytes(send(group, 1, { atEpoch: 1 }));
  late.sendBytes(send(group, 2, { atEpoch: 2 }));
  const rejects = () => late.frames.flatMap((frame) => (frame.kind === "reject" ? [frame.code] : []));
  await until(() => rejects().length === 2, "both are refused");
  assert.ok(rejects().every((code) => code === "stale_epoch" || code === "not_a_member"));
  await alice.say(group, "without bob");
  await until(() => carol.texts(group).length === 1, "carol has it");
  assert.deepEqual(bob.texts(group), []);
  assert.equal(seqsOf(late).includes(3), false, "a message from after the removal does not reach the removed member");
});

for (const [strategy, transport] of [
  ["random", "ws"],
  ["least-connections", "ws"],
  ["two-choices", "ws"],
  ["round-robin", "ws"],
  ["round-robin", "uws"],
] as const) {
  test(`${strategy} by /assign sends clients to all servers (${transport})`, async () => {
    const deployment = await deploy({ servers: 3, transport, strategy });
    for (let i = 0; i < 24; i++) await person(deployment.target, `person${names++}`);
    const spread = await connections(deployment);
    assert.equal(
      spread.reduce((sum, part) => sum + part, 0),
      24,
    );
    assert.ok(
      spread.every((part) => part > 0),
      spread.join(),
    );
    if (strategy === "round-robin") assert.deepEqual(spread, [8, 8, 8]);
    // A heartbeat may overtake a client that is on its way.
    if (strategy === "least-connections") assert.ok(Math.max(...spread) - Math.min(...spread) <= 3, spread.join());
    await deployment.stop();
  });
}

test("clients of servers that stop go on at the servers that are started next, and lose nothing", async () => {
  const random = seededRandom(7);
  const { database, secretFile } = { database: await freshDatabase(), secretFile: path.join(scratch, "secret.json") };
  const first = await deploy({ servers: 2, database, secretFile });
  let target = first.target;
  const dial = () => dialAssigned(target)();
  const people = await Promise.all(Array.from({ length: 4 }, () => person(first.target, `person${names++}`, { dial })));
  const group = await groupOfAll(people);
  const written = await converse(people, group, { random, messages: 30, disturbances: [] });
  await first.stop();
  const second = await deploy({ servers: 2, database, secretFile });
  target = second.target;
  await assertAgreement(people, group, written);
  const again = await converse(people, group, { random, messages: 10, disturbances: [] });
  await assertAgreement(people, group, new Map([...written, ...again]));
  await second.stop();
});

async function rawAs(deployment: TestDeployment, somebody: Person, server = 0): Promise<RawClient> {
  const raw = await RawClient.open(serverUrl(deployment, server));
  assert.equal((await raw.ask({ kind: "resume", token: somebody.token })).kind, "welcome");
  return raw;
}

/** The seqs of application messages that arrived. */
function seqsOf(raw: RawClient): number[] {
  return raw.frames.flatMap((frame) =>
    frame.kind === "deliver" ? frame.messages.flatMap(({ type }, i) => (type === 0 ? [frame.firstSeq + i] : [])) : [],
  );
}

async function metric(deployment: TestDeployment, name: string, server = 0): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${serverPort(deployment, server)}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1]);
}

async function connections(deployment: TestDeployment): Promise<number[]> {
  return Promise.all(
    deployment.cluster.serverPorts.map((_, server) => metric(deployment, "fastchat_connections", server)),
  );
}
