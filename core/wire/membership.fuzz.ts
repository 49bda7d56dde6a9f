import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expensiveMaps } from "../fuzz/cbor-form.ts";
import type { FuzzTarget } from "../fuzz/target.ts";
import { accepted, refused } from "../platform/result.ts";
import { anyEntry } from "../testing/arbitrary-frames.ts";
import { present } from "../testing/present.ts";
import { epoch, groupId, userId } from "./ids.ts";
import { limits } from "./limits.ts";
import { applyEntry, type Membership } from "./membership.ts";
import {
  actionsWithNewKey,
  encodeEntryBody,
  joinEntry,
  type MembershipEntry,
  membershipActions,
  parseEntry,
  signatureBytes,
} from "./membership-entry.ts";

const signature = Buffer.alloc(signatureBytes, 7);
const signed = (body: Uint8Array) => joinEntry(signature, body);
const fingerprintOf = (user: number) => Buffer.alloc(32, user);
const settings = { suite: "rsa-fernet", history: false, expireSeconds: 0 };
const opening = Buffer.from("a key commitment");

const creation = (subjects: number): MembershipEntry => ({
  group: groupId(7),
  index: 0,
  epoch: epoch(1),
  action: "create",
  actor: userId(1),
  actorFingerprint: fingerprintOf(1),
  subjects: Array.from({ length: subjects }, (_, i) => ({ user: userId(i + 2), fingerprint: fingerprintOf(i) })),
  previous: Buffer.alloc(32),
  opening,
  settings,
});

const stepsMax = 200;
const people = 6;
/** The faults that an entry may have, as bits of a step's last byte; most steps have none. */
const wrongs: readonly ((entry: MembershipEntry) => Partial<MembershipEntry>)[] = [
  ({ group }) => ({ group: groupId(group + 1) }),
  ({ index }) => ({ index: index + 1 }),
  ({ epoch: at }) => ({ epoch: epoch(at + 1) }),
  () => ({ previous: fingerprintOf(99) }),
  () => ({ actorFingerprint: fingerprintOf(99) }),
  () => ({ settings }),
  () => ({ opening }),
  ({ subjects }) => ({ subjects: [...subjects, ...subjects] }),
];

/** One change of a group for every four bytes: action, actor, subjects, and the entry's fault. */
function entryOf(before: Membership | undefined, step: Uint8Array): MembershipEntry {
  const [a = 0, b = 0, c = 0, d = 0] = step;
  const action = before ? present(membershipActions[a % membershipActions.length]) : "create";
  const actor = userId(1 + (b % people));
  const subjects = Array.from({ length: people }, (_, i) => i + 1).filter((user) => c & (1 << user));
  const hasNewKey = actionsWithNewKey.has(action);
  const entry: MembershipEntry = {
    group: before?.group ?? groupId(7),
    index: before?.length ?? 0,
    epoch: epoch((before?.epoch ?? 0) + (hasNewKey || action === "leave" ? 1 : 0)),
    action,
    actor,
    actorFingerprint: fingerprintOf(actor),
    subjects: subjects.map((user) => ({ user: userId(user), fingerprint: fingerprintOf(user) })),
    previous: before?.head ?? Buffer.alloc(32),
    ...(hasNewKey ? { opening } : {}),
    ...(action === "create" ? { settings } : {}),
    ...(action === "rename" ? { sealedTitle: opening } : {}),
  };
  // Only a byte with a single bit set makes a fault: entries without one lead to further states of the group.
  const wrong = wrongs[Math.log2(d)];
  return wrong ? { ...entry, ...wrong(entry) } : entry;
}

/** Asserts what holds of every group, whatever entries led to it. */
function checkMembership(before: Membership | undefined, entry: MembershipEntry, after: Membership): void {
  assert.equal(after.length, (before?.length ?? 0) + 1);
  assert.ok(after.epoch >= (before?.epoch ?? 0));
  const members = [...after.members];
  assert.ok(members.length <= limits.groupMembersMax);
  assert.ok(members.length === 0 || members.some(([, { admin }]) => admin), "a group without an admin");
  assert.ok(members.every(([, { since }]) => since < after.length));
  if (entry.action === "remove" || entry.action === "leave")
    assert.ok(after.epoch > (before?.epoch ?? 0), "who went keeps the key");
  if (before) assert.ok(before.members.has(entry.actor), "a stranger has changed the group");
}

const step = (action: number, actor: number, subjects: readonly number[], wrong = 0) => [
  action,
  actor - 1,
  subjects.reduce((bits: number, user) => bits | (1 << user), 0),
  wrong,
];

export const targets: readonly FuzzTarget[] = [
  {
    name: "membership-entries",
    bytesMax: limits.entryBytesMax,
    cborFrom: signatureBytes,
    seeds: () =>
      [...fc.sample(anyEntry, { seed: 1, numRuns: 30 }), creation(3), creation(100)].map((entry) =>
        signed(encodeEntryBody(entry)),
      ),
    run(bytes) {
      const parsed = parseEntry(bytes);
      if (!parsed.ok) return parsed;
      const again = parseEntry(signed(encodeEntryBody(parsed.value.entry)));
      assert.ok(again.ok, "written down again it is refused");
      assert.equal(again.value.body.length, parsed.value.body.length, "written down again it has another length");
      assert.deepEqual(again.value.entry, parsed.value.entry);
      return accepted(parsed.value.entry.action);
    },
    growth: {
      ...expensiveMaps("subjects", signed),
      "many members": (bytes) => signed(encodeEntryBody(creation(Math.min(999, Math.floor(bytes / 66))))),
      "many entries that are none": (bytes) =>
        signed(Buffer.concat([Buffer.from([0xa1, 0x68]), Buffer.from("subjects"), emptyMaps(bytes)])),
    },
  },
  {
    name: "membership-log",
    bytesMax: 4 * stepsMax,
    seeds: () =>
      [
        [step(0, 1, [2, 3]), step(1, 1, [4]), step(3, 1, [2]), step(6, 1, []), step(7, 3, [])],
        [step(0, 1, [2]), step(5, 1, []), step(2, 1, [2]), step(6, 1, []), step(1, 1, [2])],
        [step(0, 1, []), step(1, 1, [2, 3, 4]), step(4, 1, [1]), step(6, 2, []), step(3, 3, [4])],
      ].map((steps) => Uint8Array.from(steps.flat())),
    run(bytes) {
      let membership: Membership | undefined;
      const ways = new Set<string>();
      for (let at = 0; at < bytes.length && at < 4 * stepsMax; at += 4) {
        const entry = entryOf(membership, bytes.subarray(at, at + 4));
        const hash = createHash("sha256").update(encodeEntryBody(entry)).digest();
        const applied = applyEntry(membership, entry, hash);
        ways.add(`${entry.action} ${applied.ok ? "applied" : applied.reason.detail}`);
        if (!applied.ok) continue;
        checkMembership(membership, entry, applied.value);
        membership = applied.value;
      }
      const way = [...ways].sort().join(" ");
      return membership ? accepted(way) : refused(way);
    },
    growth: { "many steps": (bytes) => Uint8Array.from({ length: bytes }, (_, i) => (i % 4 === 0 ? i / 4 : i % 3)) },
  },
];

function emptyMaps(bytes: number): Uint8Array {
  const array = Buffer.alloc(5 + bytes, 0xa0);
  array[0] = 0x9a;
  array.writeUInt32BE(bytes, 1);
  return array;
}
