import assert from "node:assert/strict";
import { suite as describe, test } from "node:test";
import fc from "fast-check";
import { present } from "../../testing/present.ts";
import { propertyRuns } from "../../testing/property-runs.ts";
import { epoch, groupId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import type { AnySuite } from "../suite.ts";
import { anId, SuiteGroup, someGroup, threePeople } from "./suite-members.ts";

const isFault = (outcome: string) => /^\[[a-z_]+\]$/.test(outcome);

/**
 * The tests that any suite must pass before groups may be encrypted by it. `create` makes one that computes in this thread.
 *
 * What a suite promises beyond that (forward secrecy, deniability) is for its own test.
 */
export function suiteAcceptance(name: string, create: () => AnySuite): void {
  describe(`the suite ${name}`, () => {
    /** Alice and Bob in a group of hers; Carol beside it. */
    async function founded() {
      const suite = create();
      const people = await threePeople(suite);
      const { alice, bob } = people;
      const group = new SuiteGroup(suite);
      await group.change(alice, "create", [alice, bob]);
      return { suite, group, ...people };
    }

    test("has the name that groups know it by", () => {
      assert.equal(create().name, name);
    });

    test("a group that is founded can be written to and read by its members, and by nobody else", async () => {
      const { alice, bob, carol } = await founded();
      assert.deepEqual(
        [alice, bob, carol].map((member) => member.holds(1)),
        [true, true, false],
      );
      assert.equal(await bob.open(await alice.seal("hello"), alice), "hello");
      assert.equal(await alice.open(await bob.seal("hello yourself"), bob), "hello yourself");
      assert.equal(await alice.open(await alice.seal("to myself"), alice), "to myself");
      assert.equal(await bob.open(await alice.seal(""), alice), "");
    });

    test("a member who is admitted reads the new epoch, and not the one before", async () => {
      const { group, alice, bob, carol } = await founded();
      const before = await alice.seal("before carol");
      await group.change(bob, "admit", [alice, bob, carol]);
      assert.deepEqual([carol.holds(1), carol.holds(2)], [false, true]);
      assert.equal(await carol.open(before, alice), "[unknown_epoch]");
      const after = await bob.seal("with carol", { epoch: epoch(2) });
      assert.equal(await carol.open(after, bob, { epoch: epoch(2) }), "with carol");
      const hers = await carol.seal("hello all", { epoch: epoch(2) });
      for (const member of [alice, bob]) assert.equal(await member.open(hers, carol, { epoch: epoch(2) }), "hello all");
      // What was sealed before may come behind the change.
      assert.equal(await bob.open(before, alice), "before carol");
    });

    test("a member who is removed gets no key, and reads nothing that is sealed from then on", async () => {
      const { group, alice, bob, carol } = await founded();
      await group.change(alice, "admit", [alice, bob, carol]);
      const begun = await group.change(bob, "remove", [alice, bob], [alice, bob, carol]);
      assert.equal(begun.hasKeyFor(carol), false);
      assert.equal(carol.holds(3), false);
      const without = await alice.seal("without carol", { epoch: epoch(3) });
      assert.equal(await carol.open(without, alice, { epoch: epoch(3) }), "[unknown_epoch]");
      assert.ok(isFault(await carol.open(without, alice, { epoch: epoch(2) })));
      assert.equal(await bob.open(without, alice, { epoch: epoch(3) }), "without carol");
    });

    test("nothing is sealed or opened under an epoch that has no key", async () => {
      const { suite, alice, bob } = await founded();
      const outside = { type: messageTypes.application, group: someGroup, epoch: epoch(2), sender: alice.user };
      const of = { ...outside, clientMessageId: anId(1), logHead: Buffer.alloc(32) };
      const sealed = await suite.seal(alice.own, alice.state, of, Buffer.from("early"));
      assert.deepEqual(sealed, { ok: false, reason: "unknown_epoch" });
      assert.equal(await bob.open(await alice.seal("hello"), alice, { epoch: epoch(2) }), "[unknown_epoch]");
      assert.equal(suite.holds(undefined, epoch(1)), false);
    });

    test("a message that is pasted elsewhere is refused: another id, type, sender, epoch, group", async () => {
      const { suite, group, alice, bob } = await founded();
      const payload = await alice.seal("hello");
      await group.change(alice, "rekey", [alice, bob]);
      const other = groupId(8);
      for (const [what, outcome] of [
        ["another id", await bob.open(payload, alice, { clientMessageId: anId(78) })],
        ["another type", await bob.open(payload, alice, { type: messageTypes.handshake })],
        ["another sender", await bob.open(payload, alice, { sender: bob.user })],
        ["a later epoch", await bob.open(payload, alice, { epoch: epoch(2) })],
        ["another group", await bob.open(payload, alice, { group: other })],
        ["a handshake message", `[${await bob.takeHandshake(payload, alice, epoch(2))}]`],
      ] as const) {
        assert.ok(isFault(outcome), `${what}: ${outcome}`);
      }
      // Nor does a group of the same people take it.
      const elsewhere = await threePeople(suite);
      await new SuiteGroup(suite, other).change(elsewhere.alice, "create", [elsewhere.alice, elsewhere.bob]);
      for (const at of [{}, { group: other }]) {
        assert.ok(isFault(await elsewhere.bob.open(payload, alice, at)), JSON.stringify(at));
      }
      assert.equal(await bob.open(payload, alice), "hello");
    });

    test("a message that is opened again says the same, or is refused", async () => {
      const { alice, bob } = await founded();
      const payload = await alice.seal("once");
      assert.equal(await bob.open(payload, alice), "once");
      const again = await bob.open(payload, alice);
      assert.ok(again === "once" || isFault(again), again);
    });

    test("no member can write in another's name", async () => {
      const { alice, bob } = await founded();
      const forged = await bob.seal("I, alice, owe bob", { sender: alice.user });
      assert.ok(isFault(await alice.open(forged, alice)));
      assert.ok(isFault(await bob.open(forged, alice)));
      const hers = await alice.seal("of my own");
      assert.ok(isFault(await bob.open(hers, bob, { sender: alice.user })), "under another's identity");
    });

    test("a payload that is cut, changed or noise is refused, and nothing throws", async () => {
      const { alice, bob } = await founded();
      const payload = await alice.seal("hello");
      for (let at = 0; at < payload.length; at++) {
        const changed = Buffer.from(payload);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        assert.ok(isFault(await bob.open(changed, alice)), `changed at ${at}`);
        assert.ok(isFault(await bob.open(payload.subarray(0, at), alice)), `cut at ${at}`);
      }
      assert.ok(isFault(await bob.open(Buffer.concat([payload, Buffer.alloc(1)]), alice)), "with something behind it");
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (noise) => {
          assert.ok(isFault(await bob.open(noise, alice)));
          assert.equal(typeof (await bob.takeHandshake(noise, alice, epoch(1))), "string");
        }),
        propertyRuns(50),
      );
      assert.equal(await bob.open(payload, alice), "hello");
    });

    test("a newcomer's wrapped key that is another's, another group's or noise is refused, and nothing throws", async () => {
      const { suite, group, alice, bob, carol } = await founded();
      const elsewhere = await threePeople(suite);
      const foreign = await new SuiteGroup(suite, groupId(8)).change(elsewhere.alice, "create", [
        elsewhere.alice,
        elsewhere.carol,
      ]);
      const begun = await group.change(alice, "admit", [alice, bob, carol], [alice, bob]);
      for (const [what, wrapped] of [
        ["bob's", begun.keyFor(bob)],
        ["another group's", foreign.keyFor(elsewhere.carol)],
        ["cut", begun.keyFor(carol).subarray(1)],
        ["noise", Buffer.alloc(begun.keyFor(carol).length, 1)],
        ["nothing", new Uint8Array(0)],
      ] as const) {
        const { carol: newcomer } = await threePeople(suite);
        assert.equal(typeof (await newcomer.follow(begun.entry, wrapped)), "string", what);
        assert.equal(newcomer.holds(2), false, what);
      }
      const commitments = [
        new Uint8Array(0),
        Buffer.from([0xa0]),
        Buffer.from("noise"),
        present(foreign.entry.opening),
      ];
      for (const keyCommitment of commitments) {
        const { carol: newcomer } = await threePeople(suite);
        const entry = { ...begun.entry, opening: keyCommitment };
        assert.equal(
          typeof (await newcomer.follow(entry, begun.keyFor(carol))),
          "string",
          Buffer.from(keyCommitment).toString(),
        );
      }
    });

    test("a title opens under its group and epoch alone", async () => {
      const { suite, group, alice, bob } = await founded();
      const title = suite.sealTitle(alice.state, someGroup, epoch(1), "climbing");
      await group.change(alice, "rekey", [alice, bob]);
      assert.deepEqual(suite.openTitle(bob.state, someGroup, epoch(1), title), { ok: true, value: "climbing" });
      for (const [of, at] of [
        [groupId(8), 1],
        [someGroup, 2],
        [someGroup, 3],
      ] as const) {
        assert.equal(suite.openTitle(bob.state, of, epoch(at), title).ok, false, `group ${of}, epoch ${at}`);
      }
      assert.equal(suite.openTitle(bob.state, someGroup, epoch(1), title.subarray(1)).ok, false);
    });

    test("a state comes back from the disk at any moment, and goes on", async () => {
      const { group, alice, bob, carol } = await founded();
      const payload = await alice.seal("before the restart");
      for (const member of [alice, bob]) member.restart();
      assert.equal(await bob.open(payload, alice), "before the restart");
      const members = [alice, bob, carol];
      const handshakes = await group.prepare(bob, members);
      bob.restart();
      await group.deliver(bob, handshakes, [alice, bob]);
      for (const member of [alice, bob]) member.restart();
      const begun = await group.begin(bob, "admit", members);
      // Bob, who made the epoch, died before he kept its state: he follows his own entry.
      for (const member of members) assert.equal(await member.follow(begun.entry, begun.keyFor(member)), undefined);
      for (const member of members) member.restart();
      const after = await bob.seal("after it", { epoch: epoch(2) });
      for (const member of members) assert.equal(await member.open(after, bob, { epoch: epoch(2) }), "after it");
    });

    test("bytes that are no state are refused when they are read", () => {
      for (const bytes of [new Uint8Array(0), Buffer.from([0xa0]), Buffer.from("noise")]) {
        assert.throws(() => create().decodeState(bytes), bytes.toString());
      }
    });

    test("no method changes a state; each makes a new one", async () => {
      const { suite, group, alice, bob } = await founded();
      const payload = await alice.seal("hello");
      const kept = new Map(
        [alice, bob].map((member) => [member, { state: member.state, bytes: suite.encodeState(member.state) }]),
      );
      await bob.open(payload, alice);
      await bob.seal("hello");
      await group.change(alice, "rekey", [alice, bob]);
      suite.forget(bob.state, new Set());
      for (const { state, bytes } of kept.values()) assert.deepEqual(suite.encodeState(state), bytes);
    });

    test("an epoch that is needed no more is forgotten, and the newest one goes on", async () => {
      const { suite, group, alice, bob } = await founded();
      const old = await alice.seal("old");
      await group.change(alice, "rekey", [alice, bob]);
      bob.state = suite.forget(bob.state, new Set([epoch(2)]));
      assert.deepEqual([bob.holds(1), bob.holds(2)], [false, true]);
      assert.equal(await bob.open(old, alice), "[unknown_epoch]");
      const recent = await bob.seal("new", { epoch: epoch(2) });
      assert.equal(await alice.open(recent, bob, { epoch: epoch(2) }), "new");
      await group.change(bob, "rekey", [alice, bob]);
      assert.ok(bob.holds(3));
    });

    test("members take in an epoch's handshake messages in one order, and a repeated one does no harm", async () => {
      const { group, alice, bob } = await founded();
      const members = [alice, bob];
      const handshakes = await group.prepare(alice, members);
      for (const payload of handshakes) {
        assert.notEqual(await bob.takeHandshake(payload, bob, epoch(1)), undefined, "under another's identity");
        await group.deliver(alice, [payload], members);
        for (const member of members) await member.takeHandshake(payload, alice, epoch(1));
      }
      const begun = await group.begin(alice, "rekey", members);
      await group.follow(alice, begun, members);
      const after = await bob.seal("after it", { epoch: epoch(2) });
      assert.equal(await alice.open(after, bob, { epoch: epoch(2) }), "after it");
    });

    test("a member who has missed a handshake message follows once it has come, and names the fault before", async () => {
      const { group, alice, bob } = await founded();
      const members = [alice, bob];
      const handshakes = await group.prepare(alice, members);
      await group.deliver(alice, handshakes, [alice]);
      const begun = await group.begin(alice, "rekey", members);
      alice.state = begun.state;
      if (handshakes.length > 0) {
        assert.equal(await bob.follow(begun.entry, begun.keyFor(bob)), "handshake_missing");
        for (const payload of handshakes) assert.equal(await bob.takeHandshake(payload, alice, epoch(1)), undefined);
      }
      assert.equal(await bob.follow(begun.entry, begun.keyFor(bob)), undefined);
      assert.ok(bob.holds(2));
    });

    test("of two members who prepare an epoch one begins it, and the other's handshake messages do no harm", async () => {
      const { group, alice, bob } = await founded();
      const members = [alice, bob];
      const hers = await group.prepare(alice, members);
      const his = await group.prepare(bob, members);
      for (let i = 0; i < Math.max(hers.length, his.length); i++) {
        await group.deliver(alice, hers.slice(i, i + 1), members);
        await group.deliver(bob, his.slice(i, i + 1), members);
      }
      const begun = await group.begin(alice, "rekey", members);
      await group.follow(alice, begun, members);
      await group.change(bob, "rekey", members);
      const after = await alice.seal("in the third", { epoch: epoch(3) });
      assert.equal(await bob.open(after, alice, { epoch: epoch(3) }), "in the third");
    });
  });
}
