import assert from "node:assert/strict";
import { test } from "node:test";
import { dialDirectly } from "../../client/socket/dial.ts";
import { socketUrl } from "../../cluster/launcher/cluster.ts";
import { type Clock, systemClock } from "../../platform/clock.ts";
import { freshDatabase } from "../../testing/database.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { until } from "../../testing/until.ts";
import { seq } from "../../wire/ids.ts";
import type { ChatServer } from "../chat-server.ts";
import { deafBus } from "../testing/doubles.ts";
import { loneServer, ownOpaque } from "../testing/lone-server.ts";

/** Periods are a tenth of what they are otherwise: these tests wait for sweeps. */
const hasty: Clock = { ...systemClock, every: (periodMs, action) => systemClock.every(periodMs / 10, action) };

/** Two servers on one database whose bus brings nothing, so that each seems to be alone. */
async function deafServers(): Promise<[ChatServer, ChatServer]> {
  const databaseUrl = await freshDatabase();
  const opaque = await ownOpaque();
  const startServer = (id: string) => loneServer(databaseUrl, { clock: hasty, bus: deafBus(id), opaque });
  return [await startServer("a"), await startServer("b")];
}

const personAt = (server: ChatServer, name: string): Promise<Person> => {
  const url = socketUrl("127.0.0.1", server.port);
  return person(url, name, { dial: dialDirectly(url) });
};

test("the sweep brings admissions, messages and removals that the bus has lost", async () => {
  const [a, b] = await deafServers();
  const alice = await personAt(a, "alice");
  const bob = await personAt(b, "bob");
  const group = await groupOf(alice, bob);
  await alice.say(group, "one");
  await alice.say(group, "two");
  await until(() => bob.texts(group).length === 2, "bob has the messages of the other server");
  assert.deepEqual(bob.texts(group), ["one", "two"]);
  await bob.say(group, "three");
  await until(() => alice.texts(group).length === 3, "alice has bob's answer");
  assert.ok((await alice.client.changeGroup(group, { action: "remove", names: ["bob"] })).ok);
  await until(() => !bob.joined.has(group), "bob has the notice of his removal");
  await alice.say(group, "four");
  assert.deepEqual(bob.texts(group), ["one", "two", "three"]);
});

test("a server that does not know of a new epoch yet takes a message that is sealed under it", async () => {
  const [a, b] = await deafServers();
  const alice = await personAt(a, "alice");
  const bob = await personAt(b, "bob");
  const group = await groupOf(alice, bob);
  assert.ok((await alice.client.changeGroup(group, { action: "rekey" })).ok);
  // Bob learns of the epoch by his own server's refusals; his message is not lost on the way.
  const outcome = await bob.say(group, "under the new epoch");
  assert.ok(outcome.ok);
  await until(() => alice.texts(group).length === 1, "alice can read it");
});

test("the sweep brings a lost message although it has brought a change of the group before", async () => {
  const [a, b] = await deafServers();
  const alice = await personAt(a, "alice");
  const bob = await personAt(b, "bob");
  const group = await groupOf(alice, bob);
  await alice.say(group, "before");
  assert.ok((await alice.client.changeGroup(group, { action: "rename", title: "another title" })).ok);
  await alice.say(group, "after");
  await until(() => bob.texts(group).length === 2, "bob has both messages");
  assert.deepEqual(bob.texts(group), ["before", "after"]);
});

test("the sweep delivers a lost message that one member here has fetched to the other members, too", async () => {
  const [a, b] = await deafServers();
  const alice = await personAt(a, "alice");
  const [bob, carol] = await Promise.all([personAt(b, "bob"), personAt(b, "carol")]);
  const group = await groupOf(alice, bob, carol);
  await alice.say(group, "lost on the way");
  assert.ok((await bob.client.mailbox.request({ kind: "sync", group, after: seq(0), through: seq(10) })).ok);
  await until(() => carol.texts(group).length === 1, "carol has it too");
});

test("a member whose removal the bus has lost leaves when the server learns of it in any other way", async () => {
  const [a, b] = await deafServers();
  const alice = await personAt(a, "alice");
  const [bob, carol] = await Promise.all([personAt(b, "bob"), personAt(b, "carol")]);
  const group = await groupOf(alice, bob, carol);
  await until(() => bob.joined.has(group), "bob is in");
  assert.ok((await alice.client.changeGroup(group, { action: "remove", names: ["bob"] })).ok);
  // Carol's message is refused for its old epoch, so her server reads the group again.
  assert.ok((await carol.say(group, "for those who stayed")).ok);
  await until(() => !bob.joined.has(group), "bob has the notice");
  await until(() => alice.texts(group).length === 1, "alice has carol's message");
  assert.deepEqual(bob.texts(group), []);
});
