import { randomBytes } from "node:crypto";
import { signEntry } from "../../e2ee/entry-signing.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import { epoch, userId } from "../../wire/ids.ts";
import { encodeEntryBody, type MembershipAction } from "../../wire/membership-entry.ts";
import type { CaseContext } from "../case-context.ts";
import { casesOf } from "../conform-case.ts";
import { ConformGroup, type EntryOf, subjectOf, wrappedFor } from "../conform-group.ts";
import { expectEqual } from "../expectation.ts";
import type { ConformUser } from "../people.ts";

/** A change, with all its keys staged, is refused. */
async function refusesChange(
  group: ConformGroup,
  actor: ConformUser,
  action: MembershipAction,
  of: EntryOf,
  code: ErrorCode,
): Promise<void> {
  const strangers = action === "create" ? (of.subjects ?? []).filter(({ user }) => user !== actor.id) : [];
  const keys = [
    ...group.keysFor(actor, action, of.people),
    ...strangers.map(({ user }) => wrappedFor(user, group.epoch)),
  ];
  if (keys.length > 0) await group.stage(actor.socket, keys);
  await actor.socket.refused({ kind: "change", entry: group.entry(actor, action, of) }, code);
}

/** A group's creation is refused. */
async function refusesCreation(
  context: CaseContext,
  of: (founder: ConformUser) => EntryOf,
  code: ErrorCode = "invalid_change",
) {
  const founder = await context.signUp();
  await refusesChange(new ConformGroup(), founder, "create", of(founder), code);
}

const settings = { suite: "rsa-fernet", history: false, expireSeconds: 0 };

export const groupCases = casesOf("Groups: the membership log", {
  "a group begins with its creator's entry: index 0, epoch 1": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = new ConformGroup();
    const { kind, ...changed } = await group.change(alice, "create", { people: [bob] });
    expectEqual(
      "changed",
      { ...changed, request: 0, kind },
      {
        kind: "changed",
        request: 0,
        group: group.id,
        seq: 1,
        epoch: 1,
        index: 0,
      },
    );
  },
  "a group may have one member, and a suite that the server does not know": async (context) => {
    const alice = await context.signUp();
    await context.found(alice, [], { settings: { ...settings, suite: "x".repeat(32), history: true } });
  },
  "the id of a group is given once": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const { id } = await context.found(alice);
    await refusesChange(new ConformGroup(id), bob, "create", {}, "group_exists");
  },
  "create without settings is refused": async (context) => {
    const founder = await context.signUp();
    const group = new ConformGroup();
    await group.stage(founder.socket, group.keysFor(founder, "create"));
    const { settings: _, ...body } = group.body(founder, "create");
    const entry = signEntry(body, founder.identity.signingKey);
    await founder.socket.refused({ kind: "change", entry }, "invalid_change");
  },
  "settings that are none are refused": async (context) => {
    await refusesCreation(context, () => ({ settings: { ...settings, suite: "x".repeat(33) } }));
    await refusesCreation(context, () => ({ settings: { ...settings, expireSeconds: -1 } }));
  },
  "create with its actor as subject is refused": (context) =>
    refusesCreation(context, (founder) => ({ subjects: [subjectOf(founder)] })),
  "create with a subject twice is refused": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    await refusesChange(new ConformGroup(), alice, "create", { people: [bob, bob] }, "invalid_change");
  },
  "create at another index or epoch is refused": async (context) => {
    await refusesCreation(context, () => ({ epoch: epoch(2) }));
    const founder = await context.signUp();
    const group = new ConformGroup();
    const answer = await founder.socket.ask({ kind: "change", entry: group.entry(founder, "create", { index: 1 }) });
    expectEqual("kind of the answer", answer.kind, "error");
  },
  "a subject that nobody is, is refused": (context) =>
    refusesCreation(
      context,
      () => ({ subjects: [{ user: userId(2 ** 53 - 1), fingerprint: randomBytes(32) }] }),
      "unknown_user",
    ),
  "a newcomer with another fingerprint than theirs is refused": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const subjects = [{ user: bob.id, fingerprint: alice.identity.public.fingerprint }];
    await refusesChange(new ConformGroup(), alice, "create", { subjects }, "invalid_change");
  },
  "an entry that somebody else has signed is refused": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const entry = signEntry(group.body(alice, "rename"), bob.identity.signingKey);
    await alice.socket.refused({ kind: "change", entry }, "invalid_change");
  },
  "an entry whose body was changed behind the signature is refused": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    const entry = Buffer.from(group.entry(alice, "rename"));
    const title = entry.lastIndexOf(Buffer.from("sealedTitle"));
    entry[title + 20] = (entry[title + 20] ?? 0) ^ 1;
    await alice.socket.refused({ kind: "change", entry }, "invalid_change");
  },
  "an entry in another user's name is refused": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    await bob.socket.refused({ kind: "change", entry: group.entry(alice, "rename") }, "not_allowed");
  },
  "an entry that cannot be read is refused": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    for (const entry of [Buffer.alloc(0), Buffer.alloc(64), randomBytes(100)]) {
      await alice.socket.refused({ kind: "change", entry }, "invalid_change");
    }
    const body = encodeEntryBody(group.body(alice, "rename"));
    await alice.socket.refused({ kind: "change", entry: body }, "invalid_change");
  },
  "an entry with another index or another one before it is a conflict": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    for (const of of [{ index: 2 }, { index: 0 }, { previous: randomBytes(32) }]) {
      await refusesChange(group, alice, "rename", of, "conflict");
    }
  },
  "an entry of a group that there is not, or of which one is no member, is refused alike": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice);
    const none = new ConformGroup();
    none.follow(bob, "create", randomBytes(100));
    for (const of of [group, none]) await refusesChange(of, bob, "rename", {}, "not_a_member");
  },
  "members who are no admins may only leave and rekey": async (context) => {
    const [alice, bob, carol] = await context.signUpMany(3);
    const group = await context.found(alice, [bob]);
    await refusesChange(group, bob, "admit", { people: [carol] }, "not_allowed");
    await refusesChange(group, bob, "remove", { people: [alice] }, "not_allowed");
    await refusesChange(group, bob, "promote", { people: [bob] }, "not_allowed");
    await refusesChange(group, bob, "demote", { people: [alice] }, "not_allowed");
    await refusesChange(group, bob, "rename", {}, "not_allowed");
    await group.change(bob, "rekey");
    await group.change(bob, "leave");
  },
  "promote makes an admin, demote takes it back": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    await group.change(alice, "promote", { people: [bob] });
    await group.change(bob, "rename");
    await group.change(bob, "demote", { people: [bob] });
    await refusesChange(group, bob, "rename", {}, "not_allowed");
    expectEqual("the epoch", group.epoch, 1);
  },
  "when no admin is left, the member of longest standing becomes one": async (context) => {
    const [alice, bob, carol] = await context.signUpMany(3);
    const group = await context.found(alice, [carol]);
    await group.change(alice, "admit", { people: [bob] });
    await group.change(alice, "leave");
    await group.change(bob, "rekey");
    await refusesChange(group, bob, "rename", {}, "not_allowed");
    await group.change(carol, "rename");
  },
  "of members of the same entry the one with the least id becomes admin": async (context) => {
    const [alice, bob, carol] = await context.signUpMany(3);
    const group = await context.found(alice, [carol, bob]);
    await group.change(alice, "demote", { people: [alice] });
    const eldest = [alice, bob, carol].toSorted((a, b) => a.id - b.id)[0] ?? alice;
    await group.change(eldest, "rename");
  },
  "a key commitment is there exactly when the action begins an epoch with a key": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice);
    await refusesChange(group, alice, "rename", { opening: randomBytes(40) }, "invalid_change");
    const { opening: _, ...body } = group.body(alice, "admit", { people: [bob] });
    await group.stage(alice.socket, group.keysFor(alice, "admit", [bob]));
    const entry = signEntry(body, alice.identity.signingKey);
    await alice.socket.refused({ kind: "change", entry }, "invalid_change");
  },
  "an entry of another epoch than its action says is refused": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    await refusesChange(group, alice, "rename", { epoch: epoch(2) }, "invalid_change");
    await bob.socket.refused(
      { kind: "change", entry: group.entry(bob, "leave", { epoch: epoch(1) }) },
      "invalid_change",
    );
    await bob.socket.refused(
      { kind: "change", entry: group.entry(bob, "leave", { epoch: epoch(3) }) },
      "invalid_change",
    );
  },
  "subjects are there exactly when the action has some": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    for (const action of ["rename", "leave", "rekey"] as const) {
      await refusesChange(group, alice, action, { subjects: [subjectOf(bob)] }, "invalid_change");
    }
    for (const action of ["admit", "remove", "promote", "demote"] as const) {
      await refusesChange(group, alice, action, {}, "invalid_change");
    }
  },
  "rename without a title is refused": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    const { sealedTitle: _, ...body } = group.body(alice, "rename");
    const entry = signEntry(body, alice.identity.signingKey);
    await alice.socket.refused({ kind: "change", entry }, "invalid_change");
  },
  "settings in a later entry are refused": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    await refusesChange(group, alice, "rename", { settings }, "invalid_change");
  },
  "an admin cannot remove themselves": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    await refusesChange(group, alice, "remove", { people: [alice] }, "invalid_change");
  },
  "only members are removed, only others admitted": async (context) => {
    const [alice, bob, carol] = await context.signUpMany(3);
    const group = await context.found(alice, [bob]);
    await refusesChange(group, alice, "remove", { people: [carol] }, "invalid_change");
    await refusesChange(group, alice, "admit", { people: [bob] }, "invalid_change");
    await refusesChange(group, alice, "promote", { people: [carol] }, "invalid_change");
  },
  "a subject with another fingerprint than the member's is refused": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const subjects = [{ user: bob.id, fingerprint: randomBytes(32) }];
    await refusesChange(group, alice, "promote", { subjects }, "invalid_change");
  },
  "an actor with another fingerprint than the member's is refused": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice);
    const { fingerprint } = bob.identity.public;
    const answer = await alice.socket.ask({
      kind: "change",
      entry: group.entry(alice, "rename", { actorFingerprint: fingerprint }),
    });
    expectEqual("kind of the answer", answer.kind, "error");
  },
});
