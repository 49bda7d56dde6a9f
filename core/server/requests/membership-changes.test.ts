import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { entryHash, noEntryHash } from "../../e2ee/entry-check.ts";
import { signEntry } from "../../e2ee/entry-signing.ts";
import { createIdentity, type Identity } from "../../e2ee/identity.ts";
import type { Database } from "../../store/database.ts";
import { insertUser } from "../../store/users.ts";
import { openFreshDatabase } from "../../testing/database.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { present } from "../../testing/present.ts";
import { epoch, firstEpoch, type GroupId, groupId, nextEpoch, type UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import type { MembershipEntry } from "../../wire/membership-entry.ts";
import { deafBus, serverDouble } from "../testing/doubles.ts";
import { MembershipChanges } from "./membership-changes.ts";

interface Person {
  readonly user: UserId;
  readonly identity: Identity;
}

suite("a change", () => {
  let database: Database;
  let alice: Person;
  let bob: Person;
  let groups = 0;

  const signedUp = async (name: string, number: number): Promise<Person> => {
    const identity = createIdentity(name, await keyPair(number));
    const record = Buffer.alloc(1);
    const user = await insertUser(database, { name, credential: name, record, identity: identity.public.bytes });
    return { user: present(user), identity };
  };

  before(async () => {
    database = await openFreshDatabase();
    [alice, bob] = [await signedUp("alice", 0), await signedUp("bob", 1)];
  });

  /** The changes of one of alice's connections, and what the other servers are told of them. */
  const newConnection = () => {
    const told: string[] = [];
    const bus = { ...deafBus("s0"), broadcast: ({ kind }: { kind: string }) => void told.push(kind) };
    return { changes: new MembershipChanges(serverDouble(database, { bus }), alice.user), told };
  };
  const keys = (of: readonly Person[], forEpoch = firstEpoch) =>
    of.map(({ user }) => ({ user, epoch: forEpoch, wrapped: Uint8Array.of(1) }));
  const creation = (group: GroupId, by: Person): MembershipEntry => ({
    group,
    index: 0,
    epoch: firstEpoch,
    action: "create",
    actor: by.user,
    actorFingerprint: by.identity.public.fingerprint,
    subjects: [],
    previous: noEntryHash,
    opening: Uint8Array.of(1),
    settings: { suite: "none", history: false, expireSeconds: 0 },
  });
  const signed = (entry: MembershipEntry, by: Person) => signEntry(entry, by.identity.signingKey);
  const codeOf = (reply: { readonly kind: string; readonly code?: string }) => reply.code ?? reply.kind;

  test("that its actor has not signed, or that is in another user's name, is refused and changes nothing", async () => {
    const { changes, told } = newConnection();
    const group = groupId(++groups);
    for (const [entry, refused] of [
      [signed(creation(group, alice), bob), "invalid_change"],
      [signed(creation(group, bob), bob), "not_allowed"],
      [signed(creation(group, bob), alice), "not_allowed"],
    ] as const) {
      changes.stageKeys({ group, keys: keys([alice]) });
      assert.equal(codeOf(await changes.change({ entry })), refused);
    }
    assert.deepEqual(told, []);
    changes.stageKeys({ group, keys: keys([alice]) });
    assert.equal(codeOf(await changes.change({ entry: signed(creation(group, alice), alice) })), "changed");
    assert.deepEqual(told, ["changed"]);
  });

  test("uses up the keys that are staged for its group, also when it is refused", async () => {
    const { changes } = newConnection();
    const [group, other] = [groupId(++groups), groupId(++groups)];
    changes.stageKeys({ group, keys: keys([alice]) });
    changes.stageKeys({ group: other, keys: keys([alice]) });
    assert.equal(codeOf(await changes.change({ entry: signed(creation(group, alice), bob) })), "invalid_change");
    assert.equal(codeOf(await changes.change({ entry: signed(creation(group, alice), alice) })), "keys_missing");
    assert.equal(codeOf(await changes.change({ entry: signed(creation(other, alice), alice) })), "changed");
  });

  test("that comes again after a lost answer is answered as before, without keys, and announced once", async () => {
    const { changes, told } = newConnection();
    const group = groupId(++groups);
    const entry = signed(creation(group, alice), alice);
    changes.stageKeys({ group, keys: keys([alice]) });
    const first = await changes.change({ entry });
    assert.equal(first.kind, "changed");
    assert.deepEqual(await changes.change({ entry }), first);
    assert.deepEqual(told, ["changed"]);
    const rekey: MembershipEntry = {
      group,
      index: 1,
      epoch: nextEpoch(firstEpoch),
      action: "rekey",
      actor: alice.user,
      actorFingerprint: alice.identity.public.fingerprint,
      subjects: [],
      previous: entryHash(entry),
      opening: Uint8Array.of(1),
    };
    changes.stageKeys({ group, keys: keys([alice], rekey.epoch) });
    assert.equal(codeOf(await changes.change({ entry: signed(rekey, alice) })), "changed");
    assert.deepEqual(told, ["changed", "changed"]);
  });

  test("has so many keys staged at most, over all groups of the connection, and none of those that would be more", async () => {
    const { changes } = newConnection();
    const [first, second, third] = [groupId(++groups), groupId(++groups), groupId(++groups)];
    const many = Array.from({ length: limits.stagedKeysMax - 1 }, (_, i) => ({
      user: alice.user,
      epoch: epoch(1 + i),
      wrapped: Uint8Array.of(1),
    }));
    assert.equal(codeOf(changes.stageKeys({ group: first, keys: many })), "done");
    assert.equal(codeOf(changes.stageKeys({ group: second, keys: keys([alice, bob]) })), "busy");
    assert.equal(codeOf(changes.stageKeys({ group: third, keys: keys([alice]) })), "done");
    assert.equal(
      codeOf(changes.stageKeys({ group: third, keys: keys([alice]) })),
      "done",
      "in the place of the one before",
    );
    assert.equal(codeOf(await changes.change({ entry: signed(creation(second, alice), alice) })), "keys_missing");
    assert.equal(codeOf(await changes.change({ entry: signed(creation(third, alice), alice) })), "changed");
    assert.equal(codeOf(changes.stageKeys({ group: second, keys: keys([alice]) })), "done", "there is room again");
  });
});
