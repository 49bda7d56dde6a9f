import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { ClientEvents } from "../client/client.ts";
import { dialDirectly } from "../client/socket/dial.ts";
import { deploy, type TestDeployment } from "../testing/deployment.ts";
import { groupOf, type Person, person } from "../testing/person.ts";
import { present } from "../testing/present.ts";
import { RawClient } from "../testing/raw-client.ts";
import { serverUrl } from "../testing/server-url.ts";
import { until } from "../testing/until.ts";
import { encodeClientFrame } from "../wire/client-frame.ts";
import { groupId, type UserId } from "../wire/ids.ts";

let names = 0;

suite("a member who watches a group, on two servers,", () => {
  let deployment: TestDeployment;
  before(async () => {
    deployment = await deploy({ servers: 2 });
  });

  const personAt = (server: number, events: ClientEvents = {}) =>
    person(deployment.target, `person${names++}`, { dial: dialDirectly(serverUrl(deployment, server)), events });
  const userOf = ({ client }: Person) => present(client.user);
  async function rawAt(server: number, somebody: Person): Promise<RawClient> {
    const raw = await RawClient.open(serverUrl(deployment, server));
    assert.equal((await raw.ask({ kind: "resume", token: somebody.token })).kind, "welcome");
    assert.equal((await raw.ask({ kind: "groups" })).kind, "groups");
    return raw;
  }
  /** The frames that a connection got about who is writing. */
  const typingOf = (raw: RawClient) => raw.frames.flatMap((frame) => (frame.kind === "typing" ? [frame] : []));

  test("sees who comes and goes at either server", async () => {
    const [alice, bob, carol] = [await personAt(0), await personAt(1), await personAt(0)];
    const group = await groupOf(alice, bob, carol);
    const online = (watcher: Person) => watcher.client.onlineIn(group);
    for (const watcher of [alice, bob]) watcher.client.watchGroup(group);
    for (const watcher of [alice, bob]) await until(() => online(watcher).size === 3, "everybody is here");
    await bob.client.close();
    await until(() => online(alice).size === 2, "bob has gone");
    assert.ok(!online(alice).has(userOf(bob)));
    await carol.client.close();
    await until(() => online(alice).size === 1, "carol has gone");
    alice.client.mailbox.interrupt();
    await until(() => online(alice).size === 0, "without a connection nobody is known to be here");
    await until(() => online(alice).size === 1, "with the next one somebody is");
  });

  test("sees who is writing at either server, and a member who does not watch sees nothing", async () => {
    const seen = new Map<string, Set<UserId>>();
    const listening = (name: string): ClientEvents => {
      const users = new Set<UserId>();
      seen.set(name, users);
      return { typing: (_, user) => users.add(user) };
    };
    const alice = await personAt(0, listening("alice"));
    const bob = await personAt(1, listening("bob"));
    const carol = await personAt(1, listening("carol"));
    const group = await groupOf(alice, bob, carol);
    const idle = await rawAt(1, carol);
    for (const watcher of [alice, bob]) watcher.client.watchGroup(group);
    for (const watcher of [alice, bob]) await until(() => watcher.client.onlineIn(group).size === 3, "it is open");
    carol.client.typing(group);
    for (const name of ["alice", "bob"]) await until(() => seen.get(name)?.has(userOf(carol)) === true, name);
    alice.client.typing(group);
    await until(() => seen.get("bob")?.has(userOf(alice)) === true, "bob sees alice");
    assert.equal(seen.get("alice")?.has(userOf(alice)), false, "oneself is no news");
    assert.equal(seen.get("carol")?.size, 0);
    bob.client.unwatchGroup(group);
    // Frames to bob come in order: once the presence has come, so has whatever was sent before it.
    const before = seen.get("bob")?.size;
    bob.client.watchGroup(group);
    await until(() => bob.client.onlineIn(group).size === 3, "it is open again");
    assert.equal(seen.get("bob")?.size, before);
    assert.deepEqual(typingOf(idle), []);
  });

  test("is shown members only, and not more often than once a period", async () => {
    const [alice, bob, mallory] = [await personAt(0), await personAt(1), await personAt(1)];
    const group = await groupOf(alice, bob);
    const watching = await Promise.all([rawAt(0, alice), rawAt(1, bob)]);
    for (const raw of watching) raw.sendBytes(encodeClientFrame({ kind: "open", group }));
    for (const raw of watching) await raw.next((frame) => frame.kind === "cursors");
    const writing = encodeClientFrame({ kind: "typing", group });
    const [stranger, writer] = [await rawAt(1, mallory), await rawAt(1, bob)];
    stranger.sendBytes(writing);
    stranger.sendBytes(encodeClientFrame({ kind: "typing", group: groupId(4711) }));
    assert.equal((await stranger.ask({ kind: "ping" })).kind, "pong");
    const from = performance.now();
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 100; j++) writer.sendBytes(writing);
      assert.equal((await writer.ask({ kind: "ping" })).kind, "pong");
    }
    for (const raw of watching) await raw.next((frame) => frame.kind === "typing");
    const periods = (performance.now() - from) / 100;
    for (const raw of watching) {
      const frames = typingOf(raw);
      assert.deepEqual(frames[0], { kind: "typing", group, users: [userOf(bob)] });
      assert.ok(frames.every(({ users }) => users.length === 1 && users[0] === userOf(bob)));
      assert.ok(frames.length <= periods + 2, `${frames.length} frames in ${periods} periods`);
    }
  });
});
