import assert from "node:assert/strict";
import { test } from "node:test";
import { createIdentity } from "../../e2ee/identity.ts";
import type { PublicIdentity } from "../../e2ee/public-identity.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { present } from "../../testing/present.ts";
import { userId } from "../../wire/ids.ts";
import { IdentityCache } from "./identity-cache.ts";
import { memoryPins, Trust } from "./trust.ts";

const keys = await Promise.all([0, 1, 2].map(keyPair));
const [bob, carol] = [userId(2), userId(3)];
/** The identity of this name with the run's key pair of this number. */
const identity = (name: string, number: number): PublicIdentity => createIdentity(name, present(keys[number])).public;
const [first, second, third] = [0, 1, 2].map((number) => identity("bob", number));
assert.ok(first && second && third);

/** Somebody's pins, with bob's first identity among them; `reported` are the names whose change was reported. */
function acquainted() {
  const reported: string[] = [];
  const pins = memoryPins();
  const trust = new Trust(pins, new IdentityCache(), { identityChanged: (name) => reported.push(name) });
  assert.ok(trust.meet(bob, present(first)));
  const concerning = ({ fingerprint }: PublicIdentity) => trust.concerns([[bob, { fingerprint }]]);
  return { trust, reported, concerning };
}

test("the first identity under a name is believed, and every other one is refused and reported once", () => {
  const { trust, reported, concerning } = acquainted();
  assert.deepEqual(concerning(first), []);
  for (const other of [second, second, third, third]) {
    assert.equal(trust.meet(bob, other), false);
    assert.deepEqual(concerning(first), ["bob"], "nothing is sent to him");
  }
  assert.deepEqual(reported, ["bob", "bob"]);
  assert.deepEqual(present(trust.pinOf("bob")).changed?.identity, third.bytes, "the one that is shown now");
  assert.deepEqual(present(trust.pinOf("bob")).identity, first.bytes);
});

test("a known user under another name, and another user with a known identity, are refused", () => {
  for (const [user, shown] of [
    [bob, identity("robert", 0)],
    [bob, identity("robert", 1)],
    [carol, first],
  ] as const) {
    const { trust, reported } = acquainted();
    assert.equal(trust.meet(user, shown), false);
    assert.deepEqual(reported, ["bob"]);
    assert.equal(trust.pinOf("robert"), undefined);
    assert.equal(trust.nameOf(bob), "bob");
  }
});

test("a server that shows the pinned identity again takes its claim back, and that is no acceptance", () => {
  const { trust, concerning } = acquainted();
  trust.meet(bob, second);
  assert.ok(trust.meet(bob, first));
  assert.deepEqual(concerning(first), []);
  assert.equal(trust.accept("bob"), false, "nothing is left to be accepted");
  assert.equal(trust.meet(bob, second), false);
});

test("a member whom the log names with an identity that was never pinned is a concern", () => {
  const { concerning } = acquainted();
  assert.deepEqual(concerning(second), ["bob"]);
});

test("nobody is verified while another identity waits, and an accepted one is not verified before it was compared", () => {
  const { trust } = acquainted();
  assert.ok(trust.verify("bob"));
  assert.equal(present(trust.pinOf("bob")).verified, true);
  trust.meet(bob, second);
  assert.equal(trust.verify("bob"), false);
  assert.ok(trust.accept("bob"));
  assert.equal(present(trust.pinOf("bob")).verified, false);
  assert.ok(trust.verify("bob"));
  assert.equal(present(trust.pinOf("bob")).verified, true);
});

test("what somebody wrote under any identity that was accepted before can still be checked", () => {
  const { trust } = acquainted();
  for (const next of [second, third]) {
    trust.meet(bob, next);
    assert.equal(trust.identityOf(bob, next.fingerprint), "changed", "before it is accepted");
    assert.ok(trust.accept("bob"));
  }
  for (const known of [first, second, third]) {
    const found = trust.identityOf(bob, known.fingerprint);
    assert.deepEqual(typeof found === "object" && found.bytes, known.bytes);
  }
});

test("every change of a pin has another version, and a meeting that changes none has the same", () => {
  const { trust } = acquainted();
  const versions = [trust.version];
  const note = () => versions.push(trust.version);
  trust.meet(bob, second);
  note();
  trust.accept("bob");
  note();
  trust.verify("bob");
  note();
  assert.equal(new Set(versions).size, versions.length);
  trust.meet(bob, second);
  assert.equal(trust.version, versions.at(-1));
});
