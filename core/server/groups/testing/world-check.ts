import assert from "node:assert/strict";
import type { HeldClient } from "../../../testing/held/held-client.ts";
import type { World } from "./world.ts";

/** Asserts what must hold when nothing is under way. */
export async function checkWorld(world: World): Promise<void> {
  const { servers, clients, stored, ended, breaches } = world;
  await stored.read();
  assert.deepEqual(breaches, [], "breaches on the way");
  for (const { bus, context } of servers) {
    for (const group of context.groups.all()) {
      if (group.sessions.size === 0) continue;
      const kept = stored.get(group.id);
      const at = `group ${group.id} at ${bus.self}`;
      assert.deepEqual(sorted(group.members), sorted(kept?.members.keys() ?? []), `members of ${at}`);
      assert.deepEqual(
        [group.epoch, group.lastSeq, group.logLength],
        [kept?.epoch, kept?.lastSeq, kept?.logLength],
        `epoch, last seq and log of ${at}`,
      );
    }
  }
  for (const client of clients) if (client.isAlive && client.isListed) checkClient(world, client);
  for (const client of clients) {
    const isOver = ended.some((id) => Buffer.from(id).equals(client.of.id));
    assert.ok(!client.isAlive || !isOver, `a connection of ${client.user} lives although its session has ended`);
    for (const { id, group, seq } of client.acknowledged) {
      assert.ok(await stored.hasMessage(group, seq, id), `message ${id} was acknowledged at ${seq} of group ${group}`);
    }
  }
}

/** Asserts that a client knows of its groups what the database has. */
function checkClient({ stored, clients, isCalm }: World, client: HeldClient): void {
  const whose = `user ${client.user} at ${client.server.bus.self}`;
  const own = stored.ofMember(client.user);
  assert.deepEqual(
    sorted(client.groups.keys()),
    sorted(own.map(({ id }) => id)),
    `groups in which ${whose} believes to be`,
  );
  const topics = client.server.topicsOf(client.session).filter((topic) => topic.startsWith("g"));
  assert.deepEqual(topics.toSorted(), own.map(({ id }) => `g${id}`).toSorted(), `topics of ${whose}`);
  for (const { id, lastSeq, members } of own) {
    const known = client.groups.get(id);
    // A client that gets a seq notices by itself which messages it lacks before it, and fetches them.
    const from = known?.from ?? lastSeq;
    for (let seq = isCalm ? from + 1 : Math.max(from + 1, lastSeq); seq <= lastSeq; seq++) {
      assert.ok(known?.seqs.has(seq), `${whose} has got message ${seq} of group ${id}`);
    }
    const online = client.online.get(id);
    if (!online) continue;
    const present = clients.filter((other) => other.isAlive && other.groups.has(id) && members.has(other.user));
    assert.deepEqual(
      sorted(online),
      sorted(new Set(present.map(({ user }) => user))),
      `members of ${id} whom ${whose} sees online`,
    );
    const read = new Map([...members].flatMap(([user, { readSeq }]) => (readSeq > 0 ? [[user, readSeq]] : [])));
    const seen = new Map([...(client.cursors.get(id) ?? [])].filter(([user]) => members.has(user)));
    assert.deepEqual(seen, read, `read cursors of ${id} that ${whose} sees`);
  }
}

const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);
