import assert from "node:assert/strict";
import { createHmac, createPrivateKey } from "node:crypto";
import { before, suite, test } from "node:test";
import { inspect } from "node:util";
import { keyPair } from "../testing/key-pairs.ts";
import {
  AccountSecret,
  createAccountSecret,
  decodeAccountSecret,
  encodeAccountSecret,
  joinIdentity,
  openAccountSecret,
  sealAccountSecret,
} from "./account-secret.ts";
import { createIdentity, Identity, type IdentityKeyPairs } from "./identity.ts";

const root = Buffer.alloc(32, 7);
const exportKey = Buffer.alloc(64, 9);
const hmac = (key: Uint8Array, bytes: Uint8Array) => createHmac("sha256", key).update(bytes).digest();

suite("an account secret", () => {
  let keys: IdentityKeyPairs;
  let others: IdentityKeyPairs;
  let alice: Identity;
  before(async () => {
    [keys, others] = [await keyPair(0), await keyPair(1)];
    alice = createIdentity("alice", keys);
  });

  const sealed = (secret = new AccountSecret(alice, root)) => sealAccountSecret(secret, exportKey);

  function outcome(bytes: Uint8Array, key: Uint8Array = exportKey, name = "alice"): string {
    const opened = openAccountSecret(bytes, key, name);
    return opened.ok ? "opened" : opened.reason;
  }

  test("comes back whole from the backup, which is never twice the same", () => {
    const opened = openAccountSecret(sealed(), exportKey, "alice");
    assert.ok(opened.ok, JSON.stringify(opened));
    const { identity, vaultRoot } = opened.value;
    assert.deepEqual(Buffer.from(vaultRoot), root);
    assert.deepEqual(identity.public.fingerprint, alice.public.fingerprint);
    assert.ok(identity.wrappingKey.equals(keys.private.wrapping) && identity.signingKey.equals(keys.private.signing));
    assert.notDeepEqual(sealed(), sealed());
  });

  test("does not open with another password, for another user, or when any byte of the backup is changed", () => {
    const backup = sealed();
    const refusal = "the identity backup does not open with this password";
    assert.equal(outcome(backup, Buffer.alloc(64, 8)), refusal);
    assert.equal(outcome(backup, exportKey, "bob"), refusal);
    for (let at = 1; at < backup.length; at += 11) {
      const changed = Buffer.from(backup);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      assert.equal(outcome(changed), refusal, `changed at ${at}`);
    }
    assert.equal(outcome(backup.subarray(0, 29)), refusal, "nothing but version, nonce and tag");
  });

  test("a backup of another version, or too short for its nonce and tag, is malformed", () => {
    const backup = Buffer.from(sealed());
    for (const length of [0, 1, 28]) assert.match(outcome(backup.subarray(0, length)), /malformed/, `${length} bytes`);
    backup[0] = 2;
    assert.match(outcome(backup), /malformed/);
  });

  test("a backup in which the user has put another identity is refused with what is wrong", () => {
    const secretOf = (of: Partial<Identity["public"]>, own = keys.private) =>
      new AccountSecret(new Identity({ ...alice.public, ...of }, own), root);
    assert.equal(outcome(sealed(secretOf({ name: "bob" })), exportKey, "bob"), "the identity backup is another user's");
    assert.equal(
      outcome(sealed(secretOf({}, others.private))),
      "the identity backup: the private keys are not this identity's",
    );
    assert.match(outcome(sealed(secretOf({ bytes: Buffer.from("none") }))), /^the identity backup: identity: /);
  });

  test("a vault root has 32 bytes", () => {
    const decoded = (of: Uint8Array) => decodeAccountSecret(encodeAccountSecret(new AccountSecret(alice, of)));
    assert.ok(decoded(root).ok);
    for (const length of [31, 33]) {
      const read = decoded(Buffer.alloc(length));
      assert.match(read.ok ? "read" : read.reason, /32 bytes are needed/);
    }
  });

  test("a new one has a random root", () => {
    const [one, other] = [createAccountSecret(alice).vaultRoot, createAccountSecret(alice).vaultRoot];
    assert.equal(one.length, 32);
    assert.notDeepEqual(one, other);
  });

  test("a machine's vault key is HKDF-SHA256 (RFC 5869) of the root and the machine's salt", () => {
    const salt = Buffer.from("this machine");
    const expected = hmac(hmac(salt, root), Buffer.from("fastchat vault v1\x01"));
    const secret = new AccountSecret(alice, root);
    assert.deepEqual(Buffer.from(secret.vaultKey(salt)), expected);
    assert.notDeepEqual(Buffer.from(secret.vaultKey(Buffer.from("another"))), expected);
  });

  test("an identity is put together from its own private keys alone, given as keys or as bytes", () => {
    const der = (key: "wrapping" | "signing", of = keys) => of.private[key].export({ type: "pkcs8", format: "der" });
    const joined = (given: Parameters<typeof joinIdentity>[1], bytes = alice.public.bytes) => {
      const identity = joinIdentity(bytes, given);
      return identity.ok ? "joined" : identity.reason;
    };
    assert.equal(joined(keys.private), "joined");
    assert.equal(joined({ wrapping: der("wrapping"), signing: der("signing") }), "joined");
    for (const given of [
      { wrapping: der("wrapping"), signing: der("signing", others) },
      { wrapping: der("wrapping", others), signing: der("signing") },
    ]) {
      assert.match(joined(given), /not this identity's/);
    }
    assert.match(
      joined({ wrapping: der("wrapping"), signing: Buffer.from("no key") }),
      /^the private keys cannot be read: ./,
    );
    assert.match(joined(keys.private, alice.public.bytes.subarray(1)), /^identity: /);
  });

  test("an RSA key that names the identity's public key, and has another's numbers in it, is refused", () => {
    const { n = "", e = "" } = keys.private.wrapping.export({ format: "jwk" });
    const theirs = others.private.wrapping.export({ format: "jwk" });
    const wrapping = createPrivateKey({ key: { ...theirs, n, e }, format: "jwk" });
    const identity = joinIdentity(alice.public.bytes, { wrapping, signing: keys.private.signing });
    assert.match(identity.ok ? "joined" : identity.reason, /not this identity's/);
  });

  test("shows no byte of the vaults' root when it is printed, logged or made JSON of", () => {
    const account = createAccountSecret(alice);
    const { vaultRoot } = account;
    for (const shown of [inspect(account, { depth: 10, showHidden: true }), JSON.stringify(account)]) {
      for (const root of [vaultRoot.join(), vaultRoot.join(", "), Buffer.from(vaultRoot).toString("hex")])
        assert.equal(shown.includes(root.slice(0, 30)), false);
    }
    assert.equal(inspect(account), `AccountSecret(${inspect(alice)})`);
  });
});
