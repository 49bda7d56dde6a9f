import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { suite, test } from "node:test";
import { decode } from "cborg";
import { present } from "../testing/present.ts";
import { plain, readVectors, revive } from "../testing/vectors.ts";
import type { Epoch, GroupId, UserId } from "../wire/ids.ts";
import { applyEntry, type Membership } from "../wire/membership.ts";
import { type MembershipEntry, parseEntry } from "../wire/membership-entry.ts";
import { joinIdentity, openAccountSecret } from "./account-secret.ts";
import { openChunk, sealChunk } from "./attachment.ts";
import { type Content, encodeContent, parseContent } from "./content.ts";
import { entryHash, isSignedBy } from "./entry-check.ts";
import { signEntry } from "./entry-signing.ts";
import { fernetOpen, fernetSeal } from "./fernet.ts";
import { createIdentity, type Identity } from "./identity.ts";
import { commitToKey, unwrapKey } from "./key-wrap.ts";
import { signMessage } from "./message-seal.ts";
import { finishLogin } from "./opaque-client.ts";
import { toText } from "./opaque-text.ts";
import { openPublicIdentity } from "./public-identity.ts";
import { RsaFernet, type RsaFernetState } from "./rsa-fernet.ts";
import { inlineRsa } from "./rsa-inline.ts";
import { safetyNumber } from "./safety-number.ts";
import type { Envelope } from "./suite.ts";

/**
 * `vectors.json` is the protocol's cryptography in bytes, for clients in other languages. It has the random inputs, too; where
 * those cannot be chosen (RSA's padding, nonces), the vector is only opened. A change that makes this fail breaks every
 * client there is.
 */
interface Vectors {
  readonly people: readonly {
    readonly name: string;
    readonly user: UserId;
    readonly wrappingKey: Uint8Array;
    readonly signingKey: Uint8Array;
    readonly identity: Uint8Array;
    readonly fingerprint: Uint8Array;
  }[];
  readonly safetyNumber: { readonly of: readonly [string, string]; readonly digits: string };
  readonly epochKey: {
    readonly group: GroupId;
    readonly epoch: Epoch;
    readonly key: Uint8Array;
    readonly commitment: Uint8Array;
    readonly opening: Uint8Array;
  };
  readonly wrappedKeys: readonly { readonly recipient: string; readonly wrapped: Uint8Array }[];
  readonly title: Token & { readonly group: GroupId; readonly epoch: Epoch; readonly title: string };
  readonly log: readonly {
    readonly what: string;
    readonly entry: MembershipEntry;
    readonly bytes: Uint8Array;
    readonly hash: Uint8Array;
    readonly after: { readonly epoch: Epoch; readonly keyed: boolean; readonly members: readonly { user: UserId }[] };
  }[];
  readonly message: Token & {
    readonly envelope: Envelope;
    readonly content: Content;
    readonly body: Uint8Array;
    readonly inside: Uint8Array;
    readonly signature: Uint8Array;
  };
  readonly chunk: {
    readonly key: Uint8Array;
    readonly size: number;
    readonly chunks: number;
    readonly index: number;
    readonly plain: Uint8Array;
    readonly sealed: Uint8Array;
  };
  readonly accountSecret: {
    readonly of: string;
    readonly exportKey: Uint8Array;
    readonly vaultRoot: Uint8Array;
    readonly sealed: Uint8Array;
  };
  readonly login: {
    readonly typed: string;
    readonly password: Uint8Array;
    readonly blind: Uint8Array;
    readonly secretKeyShare: Uint8Array;
    readonly ke1: Uint8Array;
    readonly ke2: Uint8Array;
    readonly ke3: Uint8Array;
    readonly exportKey: Uint8Array;
  };
}

/** A Fernet token, with the time and the random vector in it. */
interface Token {
  readonly token: Uint8Array;
  readonly seconds: number;
  readonly vector: Uint8Array;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a file that is not so fails the tests
const vectors = revive(readVectors("core/e2ee/vectors.json")) as Vectors;
const { epochKey, message, chunk } = vectors;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const same = (actual: Uint8Array, expected: Uint8Array, what?: string) =>
  assert.equal(hex(actual), hex(expected), what);

function identityOf(name: string): Identity {
  const person = vectors.people.find((of) => of.name === name);
  assert.ok(person, name);
  const identity = joinIdentity(person.identity, { wrapping: person.wrappingKey, signing: person.signingKey });
  assert.ok(identity.ok, JSON.stringify(identity));
  return identity.value;
}

const signerOf = (user: UserId) => identityOf(present(vectors.people.find((of) => of.user === user)).name);

function sealAgain(inside: Uint8Array, { seconds, vector }: Token): Uint8Array {
  return fernetSeal(epochKey.key, inside, { nowSeconds: seconds, dangerousFixedVector: vector });
}

suite("the vectors of PROTOCOL.md's cryptography", () => {
  test("an identity has these bytes, this fingerprint and these private keys", () => {
    for (const { name, identity, fingerprint, wrappingKey, signingKey } of vectors.people) {
      const opened = openPublicIdentity(identity);
      assert.ok(opened.ok, JSON.stringify(opened));
      assert.equal(opened.value.name, name);
      same(opened.value.fingerprint, fingerprint);
      identityOf(name);
      const { byWrapping }: { byWrapping: Uint8Array } = decode(identity);
      const read = (key: Uint8Array) => createPrivateKey({ key: Buffer.from(key), format: "der", type: "pkcs8" });
      const keys = { wrapping: read(wrappingKey), signing: read(signingKey) };
      const pairs = { private: keys, public: { ...opened.value }, byWrapping };
      same(createIdentity(name, pairs).public.bytes, identity);
    }
  });

  test("two people have this safety number, whoever asks", () => {
    const [one, other] = vectors.safetyNumber.of.map((name) => identityOf(name).public);
    assert.ok(one && other);
    assert.equal(safetyNumber(one, other), vectors.safetyNumber.digits);
    assert.equal(safetyNumber(other, one), vectors.safetyNumber.digits);
  });

  test("entries are signed, hashed and chained so, and lead to these members", () => {
    let membership: Membership | undefined;
    for (const { what, entry, bytes, hash, after } of vectors.log) {
      const parsed = parseEntry(bytes);
      assert.ok(parsed.ok && isSignedBy(parsed.value, signerOf(entry.actor).public.signing), what);
      assert.deepEqual(plain(parsed.value.entry), plain(entry), what);
      same(signEntry(entry, signerOf(entry.actor).signingKey), bytes, what);
      same(entryHash(bytes), hash, what);
      const applied = applyEntry(membership, parsed.value.entry, hash);
      assert.ok(applied.ok, JSON.stringify(applied));
      membership = applied.value;
      assert.deepEqual([membership.epoch, membership.keyed], [after.epoch, after.keyed], what);
      const members = [...membership.members].map(([user, member]) => ({ user, ...member }));
      assert.deepEqual(plain(members), plain(after.members), what);
    }
  });

  test("an epoch's key has this commitment, and its entry carries it as `opening`", () => {
    same(commitToKey(epochKey.group, epochKey.epoch, epochKey.key), epochKey.commitment);
    assert.deepEqual(plain(decode(epochKey.opening)), plain({ commitment: epochKey.commitment }));
    same(present(vectors.log[0]?.entry.opening), epochKey.opening);
  });

  test("wrapped keys unwrap for their recipients, and for nobody else", () => {
    const { group, epoch } = epochKey;
    for (const { recipient, wrapped } of vectors.wrappedKeys) {
      for (const { name } of vectors.people) {
        const identity = identityOf(name);
        const context = { group, epoch, recipientFingerprint: identity.public.fingerprint };
        const key = unwrapKey({ ...context, privateKey: identity.wrappingKey, wrapped });
        assert.equal(key.ok && hex(key.value), name === recipient && hex(epochKey.key), `${recipient}'s for ${name}`);
      }
    }
  });

  const suiteOfVectors = new RsaFernet(inlineRsa, () => message.seconds);
  const state: RsaFernetState = { keys: new Map([[epochKey.epoch, epochKey.key]]) };

  test("a message is signed and sealed so, and opens", async () => {
    const sender = signerOf(message.envelope.sender);
    same(encodeContent(message.content), message.body);
    same(signMessage(message.envelope, message.body, sender.signingKey), message.inside);
    same(message.inside.subarray(-64), message.signature);
    same(sealAgain(message.inside, message), message.token);
    const opened = await suiteOfVectors.open(state, message.envelope, message.token, sender.public);
    assert.ok(opened.ok, JSON.stringify(opened));
    assert.deepEqual(parseContent(opened.value.body), { ok: true, value: message.content });
    same(opened.value.logHead, present(vectors.log[0]?.hash));
  });

  test("a title is sealed so, and opens", () => {
    const { group, epoch, title, token } = vectors.title;
    const opened = suiteOfVectors.openTitle(state, group, epoch, token);
    assert.deepEqual(opened, { ok: true, value: title });
    const inside = fernetOpen(epochKey.key, token);
    assert.ok(inside.ok);
    same(sealAgain(inside.value, vectors.title), token);
    same(present(vectors.log[0]?.entry.sealedTitle), token);
  });

  test("a chunk of a file is sealed so, and opens", () => {
    same(sealChunk(chunk.key, chunk, chunk.index, chunk.plain), chunk.sealed);
    const opened = openChunk(chunk.key, chunk, chunk.index, chunk.sealed);
    assert.ok(opened.ok, JSON.stringify(opened));
    same(opened.value, chunk.plain);
  });

  test("an account secret opens with its export key", () => {
    const { of, exportKey, vaultRoot, sealed } = vectors.accountSecret;
    const opened = openAccountSecret(sealed, exportKey, of);
    assert.ok(opened.ok, JSON.stringify(opened));
    same(opened.value.vaultRoot, vaultRoot);
    const { wrappingKey, signingKey, public: known } = identityOf(of);
    same(opened.value.identity.public.bytes, known.bytes);
    assert.ok(opened.value.identity.wrappingKey.equals(wrappingKey));
    assert.ok(opened.value.identity.signingKey.equals(signingKey));
  });

  test("a login goes on from KE2 so, with the password stretched as people's are", async () => {
    const { typed, password, blind, secretKeyShare, ke1, ke2, ke3, exportKey } = vectors.login;
    same(Buffer.from(typed.normalize("NFC")), password);
    assert.notEqual(hex(Buffer.from(typed)), hex(password), "the vector shows the normalisation");
    // The library's state between the two steps: blind, KE1, the secret half of the key share, the nonce in KE1.
    const kept = toText(Buffer.concat([blind, ke1, secretKeyShare, ke1.subarray(32, 64)]));
    const finished = await finishLogin(typed, kept, ke2, "interactive");
    assert.ok(finished.ok, JSON.stringify(finished));
    same(finished.value.message, ke3);
    same(finished.value.exportKey, exportKey);
  });
});
