import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { before, suite, test } from "node:test";
import { inspect } from "node:util";
import { decode, encode } from "cborg";
import fc from "fast-check";
import { anyBytes } from "../testing/arbitrary-frames.ts";
import { keyPair } from "../testing/key-pairs.ts";
import { present } from "../testing/present.ts";
import { createIdentity, type Identity, type IdentityKeyPairs } from "./identity.ts";
import {
  ed25519PublicKey,
  type IdentityFields,
  identityPadding,
  identityStatement,
  keyPairStatement,
  openPublicIdentity,
} from "./public-identity.ts";

/** The fields of an identity that was made here. */
const fieldsOf = (bytes: Uint8Array): IdentityFields => decode(bytes);

suite("an identity", () => {
  let keys: IdentityKeyPairs;
  let others: IdentityKeyPairs;
  let alice: Identity;
  before(async () => {
    [keys, others] = [await keyPair(0), await keyPair(1)];
    alice = createIdentity("alice", keys);
  });

  /** Alice's identity with some fields changed; with `resign` her keys sign them again. */
  function changed(fields: Partial<IdentityFields> & { more?: number }, resign = false): Uint8Array {
    const all = { ...fieldsOf(alice.public.bytes), ...fields };
    const { name, wrapping, signing } = all;
    const again = resign
      ? {
          bySigning: sign(null, identityStatement({ name, wrapping, signing }), keys.private.signing),
          byWrapping: sign("sha256", keyPairStatement({ wrapping, signing }), {
            key: keys.private.wrapping,
            ...identityPadding,
          }),
        }
      : {};
    return encode({ ...all, ...again });
  }

  function refusal(bytes: Uint8Array): string {
    const opened = openPublicIdentity(bytes);
    return opened.ok ? "accepted" : opened.reason;
  }

  test("opens from the bytes in which it travels, with the same fingerprint", () => {
    const opened = openPublicIdentity(alice.public.bytes);
    assert.ok(opened.ok);
    assert.equal(opened.value.name, "alice");
    assert.deepEqual(opened.value.fingerprint, alice.public.fingerprint);
    assert.ok(opened.value.signing.equals(keys.public.signing) && opened.value.wrapping.equals(keys.public.wrapping));
  });

  test("is refused under another name, also one that looks the same", () => {
    assert.match(refusal(changed({ name: "mallory" })), /has not signed/);
    for (const name of ["Alice", "ａlice", "a b", ""])
      assert.match(refusal(changed({ name }, true)), /canonical/, name);
  });

  test("is refused when one of its keys is somebody else's", () => {
    const theirs = createIdentity("alice", others);
    const { wrapping, signing } = fieldsOf(theirs.public.bytes);
    assert.match(refusal(changed({ wrapping })), /has not signed/);
    assert.match(refusal(changed({ signing })), /has not signed/);
    // Her signing key has signed a wrapping key that has not signed hers.
    assert.match(refusal(changed({ wrapping }, true)), /wrapping key has not signed/);
  });

  /** An RSA key in DER as one for RSASSA-PSS (RFC 4055) alone: that algorithm's number, and no parameters. */
  function signingOnly(der: Uint8Array): Buffer {
    const bytes = Buffer.from(der);
    const algorithm = Buffer.from("300b06092a864886f70d01010a", "hex");
    // Four bytes of outer length, and fifteen of algorithm with empty parameters, which take two.
    const changed = Buffer.concat([bytes.subarray(0, 4), algorithm, bytes.subarray(19)]);
    changed.writeUInt16BE(bytes.readUInt16BE(2) - 2, 2);
    return changed;
  }

  test("is refused with keys that are too small, of another kind, or none", () => {
    const small = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "der" });
    const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" });
    const odd = generateKeyPairSync("rsa", { modulusLength: 3072, publicExponent: 3 }).publicKey.export({
      type: "spki",
      format: "der",
    });
    const pss = signingOnly(fieldsOf(alice.public.bytes).wrapping);
    assert.equal(createPublicKey({ key: pss, format: "der", type: "spki" }).asymmetricKeyType, "rsa-pss");
    for (const wrapping of [small, curve, odd, pss]) assert.match(refusal(changed({ wrapping })), /RSA of 3072 bits/);
    assert.match(refusal(changed({ wrapping: Buffer.from("no key") })), /cannot be read/);
    assert.match(refusal(changed({ signing: Buffer.alloc(31) })), /32 bytes/);
  });

  test("is refused with its fields in another order, which would give it another fingerprint", () => {
    const fields = Object.entries(fieldsOf(alice.public.bytes)).toReversed();
    const reversed = encode(Object.fromEntries(fields), { mapSorter: () => 0 });
    assert.equal(refusal(encode(decode(reversed))), "accepted");
    assert.equal(reversed.length, alice.public.bytes.length);
    assert.equal(refusal(reversed), "identity: the fields are not in their order");
  });

  test("is refused when its wrapping key is followed by anything, although it is signed", () => {
    const { wrapping } = fieldsOf(alice.public.bytes);
    assert.equal(refusal(changed({ wrapping }, true)), "accepted");
    assert.match(refusal(changed({ wrapping: Buffer.concat([wrapping, Buffer.from([0])]) }, true)), /not alone/);
  });

  test("is refused with a signing key under which anybody can sign", () => {
    // The neutral element, under which this is a signature of everything, and its other encodings.
    const neutral = Buffer.from(`01${"00".repeat(31)}`, "hex");
    const ofAll = Buffer.concat([neutral, Buffer.alloc(32)]);
    assert.ok(verify(null, Buffer.from("anything"), ed25519PublicKey(neutral), ofAll));
    const others = [`01${"00".repeat(30)}80`, `ee${"ff".repeat(30)}7f`, `ee${"ff".repeat(30)}ff`];
    for (const signing of [neutral, ...others.map((hex) => Buffer.from(hex, "hex"))]) {
      assert.match(refusal(changed({ ...signedBoth(signing), bySigning: ofAll })), /anybody can sign/);
    }
  });

  /** This signing key, with the signature of Alice's wrapping key for it. */
  function signedBoth(signing: Uint8Array) {
    const { wrapping } = fieldsOf(alice.public.bytes);
    const key = { key: keys.private.wrapping, ...identityPadding };
    return { signing, byWrapping: sign("sha256", keyPairStatement({ wrapping, signing }), key) };
  }

  test("is refused when it is cut, too long or something else, and never throws", () => {
    for (let length = 0; length < alice.public.bytes.length; length += 7) {
      assert.notEqual(refusal(alice.public.bytes.subarray(0, length)), "accepted");
    }
    assert.equal(refusal(Buffer.alloc(2049)), "an identity has at most 2048 bytes");
    assert.match(refusal(Buffer.alloc(2048)), /^identity: not the CBOR expected: /);
    assert.notEqual(refusal(changed({ more: 1 })), "accepted");
    fc.assert(fc.property(anyBytes(400), (bytes) => assert.notEqual(refusal(bytes), "accepted")));
  });

  test("shows no key bytes when it is printed, logged or made JSON of", () => {
    const secrets = [
      present(keys.private.signing.export({ format: "jwk" }).d),
      present(keys.private.wrapping.export({ format: "jwk" }).d).slice(0, 40),
    ];
    for (const shown of [inspect(alice, { depth: 10, showHidden: true }), JSON.stringify(alice), inspect({ alice })]) {
      for (const secret of secrets) assert.equal(shown.includes(secret), false);
    }
    assert.match(inspect(alice), /^Identity\(alice, [0-9a-f]{16}…\)$/);
  });
});
