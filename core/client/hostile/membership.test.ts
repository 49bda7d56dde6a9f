import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { encode } from "cborg";
import { entryHash } from "../../e2ee/entry-check.ts";
import { signEntry } from "../../e2ee/entry-signing.ts";
import { createIdentity } from "../../e2ee/identity.ts";
import { openPublicIdentity } from "../../e2ee/public-identity.ts";
import { safetyNumber } from "../../e2ee/safety-number.ts";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../store/database.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { HostileServer, type ShownMessage } from "../../testing/hostile-server.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { groupOf } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import { type Witness, witness } from "../../testing/witness.ts";
import {
  clientMessageId,
  epoch,
  type GroupId,
  nextEpoch,
  nextSeq,
  previousSeq,
  type Seq,
  seq,
} from "../../wire/ids.ts";
import type { MembershipAction, MembershipEntry } from "../../wire/membership-entry.ts";
import { messageTypes } from "../../wire/send-frame.ts";

/** Lies of a server about a group's members: each time honest clients notice, refuse the lie, and go on as before. */
suite("a server that lies about members", () => {
  let deployment: TestDeployment;
  let hostile: HostileServer;
  let names = 0;
  before(async () => {
    deployment = await deploy();
  });
  after(() => deployment.stop());

  async function people<Roles extends readonly string[]>(...roles: Roles): Promise<{ [K in keyof Roles]: Witness }> {
    hostile?.close();
    hostile = await HostileServer.inFrontOf(deployment.cluster.url);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `map` keeps the length, which its type does not say
    return Promise.all(roles.map((role) => witness(hostile.target, `${role}${names++}`))) as Promise<{
      [K in keyof Roles]: Witness;
    }>;
  }

  const membersOf = ({ client }: Witness, group: GroupId) => [
    ...(client.conversation(group).membership?.members.keys() ?? []),
  ];

  /** The next entry of a group's log, as its admin would write it, signed by somebody. */
  function forged(admin: Witness, group: GroupId, of: Partial<MembershipEntry>, signer: Witness): Uint8Array {
    const membership = admin.client.conversation(group).membership;
    assert.ok(membership);
    const { length, head, epoch } = membership;
    const entry: MembershipEntry = {
      group,
      index: length,
      epoch: nextEpoch(epoch),
      action: "rekey",
      actor: present(admin.client.user),
      actorFingerprint: admin.identity.public.fingerprint,
      subjects: [],
      previous: head,
      ...of,
    };
    return signEntry(entry, signer.identity.signingKey);
  }

  const subject = ({ client, identity }: Witness) => [
    { user: present(client.user), fingerprint: identity.public.fingerprint },
  ];
  const keyCommitment = () => encode({ commitment: randomBytes(32) });

  /** Inserts an entry into the log and the messages that a victim is shown; what follows moves on by one seq. */
  function insert(entry: Uint8Array, index: number, at: Seq, group: GroupId, victim: Witness): void {
    const forgedMessage: ShownMessage = {
      seq: at,
      sender: present(victim.client.user),
      clientMessageId: clientMessageId(Buffer.from(entryHash(entry)).readBigUInt64BE()),
      type: messageTypes.membership,
      sentAt: Date.now(),
      epoch: epoch(1),
      payload: entry,
    };
    hostile.messages = (messages, of, { name }) =>
      of === group && name === victim.name.toLowerCase()
        ? messages.map((message) => (message.seq >= at ? { ...message, seq: nextSeq(message.seq) } : message))
        : messages;
    hostile.onReply("log", (log, { name }) => {
      if (log.group !== group || name !== victim.name.toLowerCase()) return log;
      const isAsked = log.entries.length === 0 || (log.entries.at(-1)?.index ?? 0) < index;
      return {
        ...log,
        length: index + 1,
        entries: isAsked ? [...log.entries, { index, seq: at, entry }] : log.entries,
      };
    });
    hostile.show(group, forgedMessage, ({ name }) => name === victim.name.toLowerCase());
  }

  const actions: readonly (readonly [MembershipAction, string])[] = [
    ["admit", "adds a member"],
    ["remove", "removes a member"],
    ["promote", "makes somebody an admin"],
    ["rekey", "begins an epoch"],
  ];
  for (const [action, what] of actions) {
    test(`an entry that ${what} without the admin's signature is refused`, async () => {
      const [alice, bob, carol, mallory] = await people("alice", "bob", "carol", "mallory");
      const group = await groupOf(alice, bob, carol);
      assert.ok((await alice.say(group, "before")).ok);
      await until(() => bob.texts(group).length === 1, "bob has read it");
      const before = membersOf(bob, group);
      const subjects = action === "rekey" ? [] : subject(action === "admit" ? mallory : carol);
      const of = action === "promote" ? { epoch: epoch(1) } : { opening: keyCommitment() };
      const entry = forged(alice, group, { action, subjects, ...of }, mallory);
      insert(entry, 1, seq(3), group, bob);
      await until(() => bob.logRefusals.length > 0, "bob's client has refused the log");
      assert.match(bob.logRefusals[0] ?? "", /entry 1 is not signed by its actor/);
      assert.deepEqual(membersOf(bob, group), before);
      assert.ok((await alice.say(group, "after")).ok);
      await until(() => bob.texts(group).length === 2, "bob reads on under the key that he had");
      assert.deepEqual(bob.texts(group), ["before", "after"]);
    });
  }

  test("a member who is no admin cannot add anybody, even with the server's help", async () => {
    const [alice, bob, mallory] = await people("alice", "bob", "mallory");
    const group = await groupOf(alice, bob);
    await bob.client.conversation(group).refresh();
    const entry = forged(
      alice,
      group,
      {
        action: "admit",
        actor: present(bob.client.user),
        actorFingerprint: bob.identity.public.fingerprint,
        subjects: subject(mallory),
        opening: keyCommitment(),
      },
      bob,
    );
    insert(entry, 1, seq(2), group, alice);
    await until(() => alice.logRefusals.length > 0, "alice's client has refused the log");
    assert.match(alice.logRefusals[0] ?? "", /entry 1: .*admin/);
    assert.equal(membersOf(alice, group).length, 2);
  });

  test("an entry of another group, or out of the chain's order, is refused", async () => {
    const [alice, bob] = await people("alice", "bob");
    const [group, other] = [await groupOf(alice, bob), await groupOf(alice, bob)];
    const rename = { action: "rename", epoch: epoch(1), sealedTitle: Buffer.alloc(80) } as const;
    for (const [entry, complaint] of [
      [forged(alice, other, rename, alice), /another group's/],
      [forged(alice, group, { ...rename, previous: randomBytes(32) }, alice), /entry 1: /],
    ] as const) {
      bob.logRefusals.length = 0;
      insert(entry, 1, seq(2), group, bob);
      await bob.client.conversation(group).refresh();
      await until(() => bob.logRefusals.length > 0, "bob's client has refused the log");
      assert.match(bob.logRefusals.join("\n"), complaint);
    }
  });

  test("a log that is shown shorter than it was is refused", async () => {
    const [alice, bob] = await people("alice", "bob");
    const group = await groupOf(alice, bob);
    assert.ok((await alice.client.changeGroup(group, { action: "rekey" })).ok);
    assert.ok((await bob.client.conversation(group).refresh()).ok);
    hostile.onReply("log", (log) => ({ ...log, length: 1, entries: log.entries.slice(0, 1) }));
    const refreshed = await bob.client.conversation(group).refresh();
    assert.equal(!refreshed.ok && refreshed.reason.code, "log_refused");
    assert.match(bob.logRefusals.join(), /has 1 entries, and had 2 before/);
    hostile.repent();
    await until(async () => (await bob.client.conversation(group).refresh()).ok, "bob goes on with the true log");
  });

  test("replies that never go on are refused, and the client does not ask again and again", async () => {
    const [alice, bob] = await people("alice", "bob");
    const group = await groupOf(alice, bob);
    assert.ok((await alice.client.changeGroup(group, { action: "rekey" })).ok);
    const asked = { log: 0, keys: 0 };
    for (const kind of ["log", "keys"] as const) {
      hostile.onRequest(kind, (request, { name }) => {
        if (name === bob.name.toLowerCase() && ++asked[kind] > 20) throw new Error(`bob asks for ${kind} without end`);
        return request;
      });
    }
    const isBob = ({ name }: { name: string | undefined }) => name === bob.name.toLowerCase();
    hostile.onReply("keys", (keys, victim) => ({ ...keys, more: keys.more || isBob(victim) }));
    const keyless = await bob.client.conversation(group).refresh();
    assert.equal(!keyless.ok && keyless.reason.code, "log_refused");
    assert.match(bob.logRefusals.join(), /there are more keys, and the server does not go on at epoch 3/);
    bob.logRefusals.length = 0;

    const [first] = bob.client.conversation(group).changes;
    assert.ok(first);
    hostile.onRequest("log", (request, victim) => {
      if (isBob(victim)) asked.log++;
      return isBob(victim) && asked.log < 20 ? { ...request, from: 0 } : request;
    });
    hostile.onReply("log", (log, victim) => (isBob(victim) ? { ...log, length: log.length + 1 } : log));
    const refreshed = await bob.client.conversation(group).refresh();
    assert.equal(!refreshed.ok && refreshed.reason.code, "log_refused");
    assert.match(bob.logRefusals.join(), /has 3 entries, and the server does not go on behind 2/);
    assert.ok(asked.log <= 3 && asked.keys <= 3, JSON.stringify(asked));
    hostile.repent();
    assert.ok((await alice.say(group, "after")).ok);
    await until(() => bob.texts(group).length === 1, "bob goes on with the truth");
  });

  test("members who are shown different logs notice with the next message", async () => {
    const [alice, bob] = await people("alice", "bob");
    const group = await groupOf(alice, bob);
    assert.ok((await alice.say(group, "before")).ok);
    await until(() => bob.texts(group).length === 1, "bob has read it");
    // The server hides from bob that the group has another title.
    const isBob = (name: string | undefined) => name === bob.name.toLowerCase();
    hostile.messages = (messages, of, { name }) => {
      if (of !== group || !isBob(name)) return messages;
      const shown = messages.filter(({ type, seq }) => type !== messageTypes.membership || seq < 3);
      return shown.map((message) => (message.seq > 3 ? { ...message, seq: previousSeq(message.seq) } : message));
    };
    hostile.onReply("log", (log, { name }) =>
      isBob(name) ? { ...log, length: 1, entries: log.entries.slice(0, 1).filter(({ index }) => index === 0) } : log,
    );
    assert.ok((await alice.client.changeGroup(group, { action: "rename", title: "another title" })).ok);
    assert.ok((await alice.say(group, "after")).ok);
    await until(() => bob.unreadable.length > 0, "bob's client has found out");
    assert.deepEqual(
      bob.unreadable.map(({ fault }) => fault),
      ["different_log"],
    );
    assert.deepEqual(bob.texts(group), ["before"]);
  });

  test("nothing is sealed under an epoch with which no log entry begins", async () => {
    const [alice, bob] = await people("alice", "bob");
    const group = await groupOf(alice, bob);
    await until(async () => (await alice.client.conversation(group).refresh()).ok, "alice has the key");
    hostile.onReply("groups", (groups) => ({
      ...groups,
      groups: groups.groups.map((entry) => ({ ...entry, epoch: epoch(entry.epoch + 3) })),
    }));
    hostile.interrupt();
    await until(() => alice.client.mailbox.groups.get(group)?.epoch === 4, "the server has named the epoch to alice");
    const outcome = await alice.say(group, "under which key?");
    assert.equal(!outcome.ok && outcome.code, "cannot_seal");
    assert.match(alice.logRefusals.join(), /names epoch 4, and its log ends in 1/);
  });

  test("a wrapped key of an old epoch is refused for a new one", async () => {
    const [alice, bob] = await people("alice", "bob");
    const group = await groupOf(alice, bob);
    let first: Uint8Array | undefined;
    hostile.onReply("keys", (keys, { name }) => {
      if (name !== bob.name.toLowerCase()) return keys;
      first ??= keys.keys.find(({ epoch }) => epoch === 1)?.wrapped;
      return { ...keys, keys: keys.keys.map((key) => (first && key.epoch > 1 ? { ...key, wrapped: first } : key)) };
    });
    assert.ok((await alice.say(group, "in the first epoch")).ok);
    await until(() => bob.texts(group).length === 1, "bob has read it");
    assert.ok((await alice.client.changeGroup(group, { action: "rekey" })).ok);
    assert.ok((await alice.say(group, "in the second epoch")).ok);
    await until(() => bob.unreadable.length === 1, "bob's client could not open it");
    assert.match(bob.logRefusals.join(), /the key of epoch 2: wrong_wrapped_key/);
    hostile.repent();
    assert.ok((await alice.say(group, "again")).ok);
    await until(() => bob.texts(group).includes("again"), "with the right key bob goes on");
  });

  test("another key for somebody who is known stops messages to them until the user accepts it", async () => {
    const [alice, bob] = await people("alice", "bob");
    const group = await groupOf(alice, bob);
    assert.ok((await alice.say(group, "to the bob that alice knows")).ok);
    const swapped = createIdentity(bob.identity.public.name, await keyPair(5));
    hostile.onReply("users", (users) => ({
      ...users,
      users: users.users.map((user) =>
        user && user.user === bob.client.user ? { ...user, identity: swapped.public.bytes } : user,
      ),
    }));
    const founded = await alice.client.createGroup({ title: "trap", members: [bob.name] });
    assert.equal(!founded.ok && founded.reason.code, "identity_changed");
    assert.deepEqual(alice.changed, [bob.identity.public.name]);
    const outcome = await alice.say(group, "would this reach the other one?");
    assert.equal(!outcome.ok && outcome.code, "identity_changed");
    assert.match((!outcome.ok && outcome.detail) || "", /compare safety numbers/);
    assert.equal(
      alice.client.trust.verify(bob.identity.public.name),
      false,
      "a changed identity cannot be marked as verified",
    );
    // The server shows the right one again; alice's client has never believed the other.
    hostile.repent();
    await until(async () => (await alice.client.meet([bob.name])).ok, "alice meets the bob that she knows");
    assert.ok((await alice.say(group, "to bob")).ok);
  });

  test("another key at the first meeting shows in the safety number, and to the victim's own client", async () => {
    const [alice, bob] = await people("alice", "bob");
    const swapped = createIdentity(bob.identity.public.name, await keyPair(5));
    // The lie stands in the server's database.
    const database = new Database(deployment.databaseUrl, { connectionsMax: 1, log: silentLog });
    await database.query({
      text: "UPDATE users SET identity = $1 WHERE id = $2",
      values: [swapped.public.bytes, bob.client.user],
    });
    await database.close();
    const founded = await alice.client.createGroup({ title: "trap", members: [bob.name] });
    assert.ok(founded.ok, "a first meeting can only be believed");
    const pinned = alice.client.trust.pinOf(bob.identity.public.name);
    const shown = pinned && openPublicIdentity(pinned.identity);
    assert.ok(shown?.ok);
    const mine = safetyNumber(alice.identity.public, shown.value);
    assert.notEqual(mine, safetyNumber(bob.identity.public, alice.identity.public), "the two numbers differ");
    const refreshed = await bob.client.conversation(founded.value.group).refresh();
    assert.equal(!refreshed.ok && refreshed.reason.code, "log_refused");
    assert.match(bob.logRefusals.join(), /another identity for this user than their own/);
  });

  test("somebody else's identity under a name is refused", async () => {
    const [alice, bob, mallory] = await people("alice", "bob", "mallory");
    hostile.onReply("users", (users) => ({
      ...users,
      users: users.users.map((user) => user && { ...user, identity: mallory.identity.public.bytes }),
    }));
    const founded = await alice.client.createGroup({ title: "trap", members: [bob.name] });
    assert.equal(!founded.ok && founded.reason.code, "identity_invalid");
  });
});
