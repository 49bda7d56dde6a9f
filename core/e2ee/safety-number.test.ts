import assert from "node:assert/strict";
import { test } from "node:test";
import { keyPair } from "../testing/key-pairs.ts";
import { createIdentity } from "./identity.ts";
import { joinHalves, safetyNumber, safetyNumberHalf, spacedSafetyNumber } from "./safety-number.ts";

/** The keys, identifiers and digits of libsignal's `NumericFingerprintGeneratorTest` (github.com/signalapp/libsignal). */
const published = {
  alice: { id: "+14152222222", key: "0506863bc66d02b40d27b8d49ca7c09e9239236f9d7d25d6fcca5ce13c7064d868" },
  bob: { id: "+14153333333", key: "05f781b6fb32fed9ba1cf2de978d4d5da28dc34046ae814402b5c0dbd96fda907b" },
  digits: "300354477692869396892869876765458257569162576843440918079131",
};

const half = ({ id, key }: { id: string; key: string }, changed: { id?: string; key?: string } = {}) =>
  safetyNumberHalf(Buffer.from(changed.id ?? id), Buffer.from(changed.key ?? key, "hex"));

test("the algorithm gives the digits that Signal has published, on both sides", () => {
  const { alice, bob, digits } = published;
  assert.equal(joinHalves(half(alice), half(bob)), digits);
  assert.equal(joinHalves(half(bob), half(alice)), digits);
});

test("another key, or the same under another name, gives other digits", () => {
  const { alice, bob } = published;
  const others = [half(alice), half(alice, { id: bob.id }), half(alice, { key: bob.key }), half(bob)];
  assert.equal(new Set(others).size, others.length);
  assert.ok(others.every((digits) => /^\d{30}$/.test(digits)));
});

test("the identifier of a person is their name, and the key their identity's fingerprint", async () => {
  const identity = async (name: string, keys: number) => createIdentity(name, await keyPair(keys)).public;
  const [alice, bob] = [await identity("alice", 0), await identity("bob", 1)];
  const halves = [alice, bob].map(({ name, fingerprint }) => safetyNumberHalf(Buffer.from(name), fingerprint));
  assert.equal(safetyNumber(alice, bob), [...halves].sort().join(""));
  assert.equal(safetyNumber(bob, alice), safetyNumber(alice, bob));
});

test("it is read out in twelve groups of five", () => {
  const spaced = spacedSafetyNumber(published.digits);
  assert.equal(spaced.replaceAll(" ", ""), published.digits);
  assert.deepEqual(
    spaced.split(" ").map((group) => group.length),
    Array.from({ length: 12 }, () => 5),
  );
});
