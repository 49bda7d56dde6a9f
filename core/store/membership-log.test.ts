import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { openFreshDatabase } from "../testing/database.ts";
import { present } from "../testing/present.ts";
import { type Epoch, firstEpoch, type GroupId, groupId, nextEpoch, type UserId, userId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import type { MembershipEntry } from "../wire/membership-entry.ts";
import type { Database } from "./database.ts";
import { loadGroups } from "./groups.ts";
import { type Change, type Changed, changeGroup, readKeys, readLog } from "./membership-log.ts";
import { insertUser } from "./users.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

interface Known {
  readonly id: UserId;
  readonly fingerprint: Uint8Array;
}

const threeUsers = async (database: Database) => {
  const [first, second, third] = await users(database, 3);
  return [present(first), present(second), present(third)] as const;
};

async function users(database: Database, count: number): Promise<Known[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const identity = randomBytes(32);
      const id = await insertUser(database, { name: `user${i}`, credential: "c", record: identity, identity });
      return { id: present(id), fingerprint: sha256(identity) };
    }),
  );
}

/** A change as a client would submit it; the bytes stand for the signed entry. */
function changeOf(entry: MembershipEntry, keysFor: readonly Known[]): Change {
  const bytes = randomBytes(80);
  const keys = keysFor.map(({ id }) => ({ epoch: entry.epoch, user: id, wrapped: randomBytes(8) }));
  return { entry, bytes, hash: sha256(bytes), keys, sentAt: 1, clientMessageId: bytes.readBigUInt64BE() };
}

const opening = new Uint8Array([1]);
const subject = ({ id, fingerprint }: Known) => ({ user: id, fingerprint });

function creation(group: GroupId, founder: Known, others: readonly Known[]): Change {
  return changeOf(
    {
      group,
      index: 0,
      epoch: firstEpoch,
      action: "create",
      actor: founder.id,
      actorFingerprint: founder.fingerprint,
      subjects: others.map(subject),
      previous: new Uint8Array(32),
      opening,
      settings: { suite: "none", history: false, expireSeconds: 0 },
    },
    [founder, ...others],
  );
}

function following(after: Changed, actor: Known, of: Partial<MembershipEntry>, keysFor: readonly Known[]): Change {
  const { group, length, head, epoch } = after.membership;
  const opens = of.opening !== undefined || of.action === "leave";
  return changeOf(
    {
      group,
      index: length,
      epoch: opens ? nextEpoch(epoch) : epoch,
      action: "rekey",
      actor: actor.id,
      actorFingerprint: actor.fingerprint,
      subjects: [],
      previous: head,
      ...of,
    },
    keysFor,
  );
}

async function changed(database: Database, change: Change): Promise<Changed> {
  const result = await changeGroup(database, change);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

async function refusedWith(database: Database, change: Change): Promise<string> {
  const result = await changeGroup(database, change);
  return result.ok ? "nothing" : result.reason.code;
}

test("one change writes the log, the members, the epoch, the keys and the message", async () => {
  const database = await openFreshDatabase();
  const [alice, bob, carol] = await threeUsers(database);
  const created = await changed(database, creation(groupId(1), alice, [bob]));
  assert.deepEqual([created.seq, created.epoch, created.joined], [1, 1, [alice.id, bob.id]]);
  const admitted = await changed(
    database,
    following(created, alice, { action: "admit", subjects: [subject(carol)], opening }, [alice, bob, carol]),
  );
  assert.deepEqual([admitted.seq, admitted.epoch, admitted.joined, admitted.left], [2, 2, [carol.id], []]);
  const removed = await changed(
    database,
    following(admitted, alice, { action: "remove", subjects: [subject(bob)], opening }, [alice, carol]),
  );
  assert.deepEqual([removed.seq, removed.epoch, removed.left], [3, 3, [bob.id]]);

  const [group] = await loadGroups(database, [groupId(1)]);
  assert.deepEqual(group, {
    id: 1,
    epoch: 3,
    lastSeq: 3,
    logLength: 3,
    members: [alice.id, carol.id].sort((a, b) => a - b),
  });
  const { entries: log, length } = await readLog(database, { group: groupId(1), from: 0, countMax: 10 });
  assert.deepEqual(
    log.map(({ index, seq }) => [index, seq]),
    [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
  );
  assert.equal(length, 3);
  const epochsOf = async ({ id }: Known) =>
    (await readKeys(database, { group: groupId(1), user: id, from: firstEpoch, countMax: 10 })).map(
      ({ epoch }) => epoch,
    );
  assert.deepEqual(await epochsOf(alice), [1, 2, 3]);
  assert.deepEqual(await epochsOf(carol), [2, 3]);
  assert.deepEqual(await epochsOf(bob), [], "a removed member's keys are gone");
});

test("of two changes at once one wins and the other is a conflict that changes nothing", async () => {
  const database = await openFreshDatabase();
  const [alice, bob] = await threeUsers(database);
  const created = await changed(database, creation(groupId(1), alice, [bob]));
  const both = [0, 1].map(() => changeGroup(database, following(created, alice, { opening }, [alice, bob])));
  const outcomes = (await Promise.all(both)).map((result) => (result.ok ? "changed" : result.reason.code)).sort();
  assert.deepEqual(outcomes, ["changed", "conflict"]);
  const [group] = await loadGroups(database, [groupId(1)]);
  assert.deepEqual([group?.epoch, group?.logLength, group?.lastSeq], [2, 2, 2]);
});

test("a change that is not allowed is refused with its code, and changes nothing", async () => {
  const database = await openFreshDatabase();
  const [alice, bob, carol] = await threeUsers(database);
  const created = await changed(database, creation(groupId(1), alice, [bob]));
  const admit = (whom: Known, actor = alice, keysFor = [alice, bob, whom]) =>
    following(created, actor, { action: "admit", subjects: [subject(whom)], opening }, keysFor);
  const stranger = { id: userId(999), fingerprint: carol.fingerprint };
  const impostor = { id: carol.id, fingerprint: alice.fingerprint };
  assert.equal(await refusedWith(database, creation(groupId(1), bob, [])), "group_exists");
  assert.equal(await refusedWith(database, admit(carol, bob)), "not_allowed");
  assert.equal(await refusedWith(database, admit(stranger)), "unknown_user");
  assert.equal(await refusedWith(database, admit(impostor)), "invalid_change");
  assert.equal(await refusedWith(database, admit(carol, alice, [alice, carol])), "keys_missing");
  assert.equal(await refusedWith(database, following(created, carol, { opening }, [alice, bob])), "not_a_member");
  assert.equal(await refusedWith(database, following(created, alice, { action: "rename" }, [])), "invalid_change");
  const elsewhere = { ...created, membership: { ...created.membership, group: groupId(2) } };
  assert.equal(await refusedWith(database, following(elsewhere, alice, { opening }, [alice])), "not_a_member");
  const [group] = await loadGroups(database, [groupId(1)]);
  assert.deepEqual([group?.logLength, group?.lastSeq], [1, 1]);
  assert.equal((await database.query({ text: "SELECT FROM wrapped_keys" })).length, 2);
});

test("when two clients draw the same group id at once, one founds the group", async () => {
  const database = await openFreshDatabase();
  const [alice, bob] = await threeUsers(database);
  const both = [alice, bob].map((founder) => changeGroup(database, creation(groupId(7), founder, [])));
  const outcomes = (await Promise.all(both)).map((result) => (result.ok ? "founded" : result.reason.code)).sort();
  assert.deepEqual(outcomes, ["founded", "group_exists"]);
});

test("an entry that comes again after a lost answer gets the first answer, whatever has changed since", async () => {
  const database = await openFreshDatabase();
  const [alice, bob] = await threeUsers(database);
  const creating = creation(groupId(1), alice, [bob]);
  const created = await changeGroup(database, creating);
  assert.ok(created.ok && !created.value.repeated);
  const rekeying = following(created.value, alice, { opening }, [alice, bob]);
  const rekeyed = await changeGroup(database, rekeying);
  assert.ok(rekeyed.ok);
  for (const [change, first] of [
    [creating, created.value],
    [rekeying, rekeyed.value],
  ] as const) {
    const again = await changeGroup(database, { ...change, keys: [] });
    assert.ok(again.ok && again.value.repeated);
    assert.deepEqual([again.value.seq, again.value.epoch], [first.seq, first.epoch]);
  }
  assert.equal((await database.query({ text: "SELECT FROM messages" })).length, 2);
  const another = following(created.value, bob, { opening }, [alice, bob]);
  assert.equal((await changeGroup(database, another)).ok, false, "another entry with the same index");
});

test("wrapped keys are for members and for epochs that have begun, and come with an epoch alone; a key that a member has stays", async () => {
  const database = await openFreshDatabase();
  const [alice, bob, carol] = await threeUsers(database);
  const created = await changed(database, creation(groupId(1), alice, [bob]));
  const wrapped = Buffer.from("another");
  const withKey = (change: Change, { id }: Known, epoch: Epoch): Change => ({
    ...change,
    keys: [...change.keys, { epoch, user: id, wrapped }],
  });
  const rekey = following(created, alice, { opening }, [alice, bob]);
  const rename = following(created, alice, { action: "rename", sealedTitle: new Uint8Array(1) }, []);
  const next = rekey.entry.epoch;
  for (const change of [
    withKey(rekey, carol, next),
    withKey(rekey, bob, nextEpoch(next)),
    withKey(rename, alice, firstEpoch),
  ]) {
    assert.equal(await refusedWith(database, change), "keys_missing");
  }
  await changed(database, withKey(rekey, bob, firstEpoch));
  const keys = await readKeys(database, { group: groupId(1), user: bob.id, from: firstEpoch, countMax: 10 });
  assert.deepEqual(
    keys.map(({ epoch }) => epoch),
    [1, 2],
  );
  assert.notDeepEqual(keys[0]?.wrapped, wrapped);
});

test("a user is in so many groups at most", async () => {
  const database = await openFreshDatabase();
  const [alice, bob] = await threeUsers(database);
  await database.query({
    text: `INSERT INTO memberships (group_id, user_id, admin, fingerprint, since)
           SELECT 1000 + n, $1, false, '', 0 FROM generate_series(2, $2) AS n`,
    values: [bob.id, limits.userGroupsMax],
  });
  await changed(database, creation(groupId(1), alice, [bob]));
  assert.equal(await refusedWith(database, creation(groupId(2), alice, [bob])), "too_many_groups");
});
