import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../testing/property-runs.ts";
import { epoch, firstEpoch, groupId, type UserId, userId } from "./ids.ts";
import { limits } from "./limits.ts";
import { applyEntry, type Membership } from "./membership.ts";
import { actionsWithNewKey, type MembershipAction, type MembershipEntry } from "./membership-entry.ts";

const group = groupId(7);
const fingerprintOf = (user: number) => createHash("sha256").update(`user ${user}`).digest();
const subjects = (...users: number[]) =>
  users.map((user) => ({ user: userId(user), fingerprint: fingerprintOf(user) }));
const noEntry = new Uint8Array(32);
const settings = { suite: "rsa-fernet", history: false, expireSeconds: 0 };

/** An entry that may follow, unless `of` says otherwise. */
function entryAfter(
  before: Membership | undefined,
  actor: number,
  action: MembershipAction,
  of: Partial<MembershipEntry> = {},
): MembershipEntry {
  const next = (before?.epoch ?? 0) + (actionsWithNewKey.has(action) || action === "leave" ? 1 : 0);
  return {
    group,
    index: before?.length ?? 0,
    epoch: epoch(next),
    action,
    actor: userId(actor),
    actorFingerprint: fingerprintOf(actor),
    subjects: [],
    previous: before?.head ?? noEntry,
    ...(actionsWithNewKey.has(action) ? { opening: Buffer.from("opening") } : {}),
    ...(action === "create" ? { settings } : {}),
    ...(action === "rename" ? { sealedTitle: Buffer.from("title") } : {}),
    ...of,
  };
}

let entries = 0;
const apply = (before: Membership | undefined, entry: MembershipEntry) =>
  applyEntry(before, entry, createHash("sha256").update(String(entries++)).digest());

function applied(
  before: Membership | undefined,
  actor: number,
  action: MembershipAction,
  of: Partial<MembershipEntry> = {},
): Membership {
  const result = apply(before, entryAfter(before, actor, action, of));
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

function codeOf(
  before: Membership | undefined,
  actor: number,
  action: MembershipAction,
  of: Partial<MembershipEntry> = {},
): string {
  const result = apply(before, entryAfter(before, actor, action, of));
  return result.ok ? "accepted" : result.reason.code;
}

/** Code and words of a refusal. */
function refusalOf(before: Membership | undefined, entry: MembershipEntry): string {
  const result = apply(before, entry);
  return result.ok ? "accepted" : `${result.reason.code}: ${result.reason.detail}`;
}

/** The entry without some of its fields. */
function without(entry: MembershipEntry, ...fields: ("opening" | "settings" | "sealedTitle")[]): MembershipEntry {
  const { opening, settings: given, sealedTitle, ...rest } = entry;
  const kept = { opening, settings: given, sealedTitle };
  const left = Object.entries(kept).filter(([name, of]) => of !== undefined && !fields.some((field) => field === name));
  return { ...rest, ...Object.fromEntries(left) };
}

/** 1 is admin; 2 and 3 are members. */
const founded = () => applied(undefined, 1, "create", { subjects: subjects(2, 3) });
const admins = ({ members }: Membership) => [...members].filter(([, { admin }]) => admin).map(([user]) => user);

test("a group begins with its founder as admin and everybody named as members, in epoch 1", () => {
  const membership = founded();
  assert.deepEqual(
    [...membership.members.keys()].sort((a, b) => a - b),
    [1, 2, 3],
  );
  assert.deepEqual(admins(membership), [1]);
  assert.deepEqual([membership.epoch, membership.length, membership.keyed], [1, 1, true]);
});

test("only an admin may change members, roles and title; any member may leave or rekey", () => {
  const membership = founded();
  for (const action of ["admit", "remove", "promote", "demote"] as const) {
    const of = { subjects: subjects(action === "admit" ? 4 : 3) };
    assert.equal(codeOf(membership, 2, action, of), "not_allowed", action);
    assert.equal(codeOf(membership, 1, action, of), "accepted", action);
  }
  assert.equal(codeOf(membership, 2, "rename"), "not_allowed");
  assert.equal(codeOf(membership, 2, "leave"), "accepted");
  assert.equal(codeOf(membership, 2, "rekey"), "accepted");
  assert.equal(codeOf(membership, 4, "leave"), "not_a_member");
});

test("an actor or subject under another identity is no member", () => {
  const membership = founded();
  assert.equal(codeOf(membership, 1, "rekey", { actorFingerprint: fingerprintOf(9) }), "not_a_member");
  assert.equal(
    codeOf(membership, 1, "remove", { subjects: [{ user: userId(2), fingerprint: fingerprintOf(9) }] }),
    "invalid_change",
  );
});

test("who was removed or has left is no member, and everybody else stays", () => {
  const users = ({ members }: Membership) => [...members.keys()];
  assert.deepEqual(users(applied(founded(), 1, "remove", { subjects: subjects(2) })), [1, 3]);
  assert.deepEqual(users(applied(founded(), 2, "leave")), [1, 3]);
  const alone = applied(undefined, 1, "create");
  assert.deepEqual(users(applied(alone, 1, "leave")), [], "the last one");
});

test("an admin is a member again after a demotion, if another is left", () => {
  const two = applied(founded(), 1, "promote", { subjects: subjects(2) });
  assert.deepEqual(admins(two), [1, 2]);
  assert.deepEqual(admins(applied(two, 1, "demote", { subjects: subjects(2) })), [1]);
  assert.deepEqual(admins(applied(two, 2, "demote", { subjects: subjects(1) })), [2]);
});

test("admitting, removing and leaving begin an epoch; roles and names do not", () => {
  const membership = founded();
  assert.equal(applied(membership, 1, "admit", { subjects: subjects(4) }).epoch, 2);
  assert.equal(applied(membership, 1, "remove", { subjects: subjects(2) }).epoch, 2);
  assert.equal(applied(membership, 2, "leave").epoch, 2);
  assert.equal(applied(membership, 1, "promote", { subjects: subjects(2) }).epoch, 1);
  assert.equal(applied(membership, 1, "rename").epoch, 1);
});

test("after somebody left there is no key until a member rekeys", () => {
  const left = applied(founded(), 2, "leave");
  assert.equal(left.keyed, false);
  assert.equal(applied(left, 1, "promote", { subjects: subjects(3) }).keyed, false);
  const rekeyed = applied(left, 3, "rekey");
  assert.deepEqual([rekeyed.keyed, rekeyed.epoch], [true, 3]);
});

test("an entry that does not follow the last one is a conflict", () => {
  const before = founded();
  const after = applied(before, 1, "rename");
  for (const of of [{ index: 1 }, { index: 3 }, { previous: before.head }, { previous: noEntry }]) {
    assert.equal(codeOf(after, 1, "rekey", of), "conflict", JSON.stringify(of));
  }
  assert.equal(codeOf(undefined, 1, "rekey"), "conflict");
  assert.equal(codeOf(undefined, 1, "create", { previous: fingerprintOf(1) }), "conflict");
  assert.equal(codeOf(undefined, 1, "create", { previous: Buffer.alloc(32).fill(1, 31) }), "conflict");
  assert.equal(codeOf(undefined, 1, "create", { index: 1 }), "conflict");
});

test("entries of the wrong form are refused", () => {
  const membership = founded();
  const wrong: readonly (readonly [MembershipAction, Partial<MembershipEntry>])[] = [
    ["create", { index: 1 }],
    ["rekey", { epoch: firstEpoch }],
    ["rekey", { epoch: epoch(3) }],
    ["rename", { opening: Buffer.from("not its business") }],
    ["admit", { subjects: [] }],
    ["admit", { subjects: subjects(4, 4) }],
    ["admit", { subjects: subjects(2) }],
    ["remove", { subjects: subjects(4) }],
    ["remove", { subjects: subjects(1) }],
    ["promote", { subjects: subjects(9) }],
    ["rekey", { subjects: subjects(2) }],
    ["rekey", { settings }],
    ["rekey", { group: groupId(8) }],
  ];
  for (const [action, of] of wrong)
    assert.equal(codeOf(membership, 1, action, of), "invalid_change", `${action} ${JSON.stringify(Object.keys(of))}`);
  assert.equal(codeOf(undefined, 1, "create", { epoch: epoch(2) }), "invalid_change");
  assert.equal(codeOf(undefined, 1, "create", { subjects: subjects(1) }), "invalid_change");
});

test("a refusal says why", () => {
  const membership = founded();
  const create = entryAfter(undefined, 1, "create");
  const after = (action: MembershipAction, of: Partial<MembershipEntry> = {}, actor = 1) =>
    entryAfter(membership, actor, action, of);
  const many = Array.from({ length: limits.groupMembersMax }, (_, i) => i + 10);
  const stranger = [{ user: userId(2), fingerprint: fingerprintOf(9) }];
  const settled = "invalid_change: create has settings and begins epoch 1";
  const createdOnce = "invalid_change: a group is created once, with its settings";
  for (const [refusal, before, entry] of [
    ["conflict: a log begins with its create entry", undefined, entryAfter(undefined, 1, "rekey")],
    [settled, undefined, without(create, "settings")],
    [settled, undefined, without(create, "opening")],
    [settled, undefined, { ...create, epoch: epoch(2) }],
    ["invalid_change: 1 is named twice", undefined, { ...create, subjects: subjects(1) }],
    ["group_full: a group has at most 1000 members", undefined, { ...create, subjects: subjects(...many) }],
    ["invalid_change: the entry is another group's", membership, after("rekey", { group: groupId(8) })],
    [
      "conflict: the log has 1 entries; this one would follow another entry 4",
      membership,
      after("rekey", { index: 5 }),
    ],
    ["not_a_member: the actor is no member under this identity", membership, after("leave", {}, 4)],
    ["not_allowed: only an admin may rename", membership, after("rename", {}, 2)],
    ["invalid_change: 2 is a member already", membership, after("admit", { subjects: subjects(2) })],
    ["invalid_change: 2 is no member under this identity", membership, after("promote", { subjects: stranger })],
    ["invalid_change: to go oneself is to leave", membership, after("remove", { subjects: subjects(1) })],
    ["group_full: a group has at most 1000 members", membership, after("admit", { subjects: subjects(...many) })],
    [createdOnce, membership, after("create")],
    [createdOnce, membership, without(after("create"), "settings")],
    [createdOnce, membership, after("rekey", { settings })],
    ["invalid_change: rekey at epoch 1 leads to 2, not 3", membership, after("rekey", { epoch: epoch(3) })],
    [
      "invalid_change: rekey brings a new key and needs its key commitment",
      membership,
      without(after("rekey"), "opening"),
    ],
    [
      "invalid_change: leave brings no new key, and so no key commitment",
      membership,
      after("leave", { opening: Buffer.from("opening") }),
    ],
    ["invalid_change: admit with 0 subjects", membership, after("admit")],
    ["invalid_change: leave with 1 subjects", membership, after("leave", { subjects: subjects(2) })],
    ["invalid_change: a subject is named twice", membership, after("promote", { subjects: subjects(2, 2) })],
    ["invalid_change: rename without a title", membership, without(after("rename"), "sealedTitle")],
  ] as const) {
    assert.equal(refusalOf(before, entry), refusal);
  }
});

test("a group has no more members than the limit", () => {
  const many = Array.from({ length: limits.groupMembersMax }, (_, i) => i + 2);
  assert.equal(codeOf(undefined, 1, "create", { subjects: subjects(...many) }), "group_full");
  const full = applied(undefined, 1, "create", { subjects: subjects(...many.slice(1)) });
  assert.equal(full.members.size, 1000);
  assert.equal(codeOf(full, 1, "admit", { subjects: subjects(5000) }), "group_full");
  const almost = applied(undefined, 1, "create", { subjects: subjects(...many.slice(2)) });
  assert.equal(applied(almost, 1, "admit", { subjects: subjects(5000) }).members.size, 1000);
});

test("when the last admin goes, the member of longest standing becomes admin, the same for everybody", () => {
  const grown = applied(founded(), 1, "admit", { subjects: subjects(4) });
  assert.deepEqual(admins(applied(grown, 1, "leave")), [2]);
  assert.deepEqual(
    admins(applied(grown, 1, "demote", { subjects: subjects(1) })),
    [1],
    "since nobody has been there longer",
  );
  const two = applied(grown, 1, "promote", { subjects: subjects(4) });
  assert.deepEqual(admins(applied(two, 1, "leave")), [4], "another admin is left");
});

test("of several who have been there equally long the one with the lowest id becomes admin, in whatever order they are kept", () => {
  for (const users of [
    [9, 4, 7],
    [4, 7, 9],
    [9, 7, 4],
  ]) {
    const together = applied(undefined, 5, "create", { subjects: subjects(...users) });
    const grown = applied(together, 5, "admit", { subjects: subjects(1) });
    const turned: Membership = { ...grown, members: new Map([...grown.members].reverse()) };
    for (const membership of [grown, turned]) {
      assert.deepEqual(admins(applied(membership, 5, "leave")), [4], users.join());
    }
  }
});

test("any sequence of accepted entries keeps a group in order", () => {
  const step = fc.record({
    actor: fc.integer({ min: 1, max: 6 }),
    action: fc.constantFrom<MembershipAction>("admit", "remove", "promote", "demote", "rename", "leave", "rekey"),
    subjects: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let membership = founded();
      for (const { actor, action, subjects: users } of steps) {
        const named = ["admit", "remove", "promote", "demote"].includes(action) ? subjects(...users) : [];
        const before = membership;
        const result = apply(before, entryAfter(before, actor, action, { subjects: named }));
        if (!result.ok) continue;
        membership = result.value;
        assert.equal(membership.length, before.length + 1);
        assert.ok(membership.epoch === before.epoch || membership.epoch === before.epoch + 1);
        const gone = [...before.members.keys()].filter((user: UserId) => !membership.members.has(user));
        if (gone.length > 0) assert.equal(membership.epoch, before.epoch + 1, "nobody goes without a new epoch");
        if (membership.members.size > 0) assert.ok(admins(membership).length > 0, "never without an admin");
      }
    }),
    propertyRuns(500),
  );
});
