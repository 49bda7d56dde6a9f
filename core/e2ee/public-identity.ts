import { createHash, createPublicKey, type KeyObject, constants as rsa, verify } from "node:crypto";
import { encode } from "cborg";
import { z } from "zod";
import { messageOf } from "../platform/failure.ts";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { equalBytes } from "../wire/bytes.ts";
import { parseCbor } from "../wire/cbor.ts";
import { anyBytesField } from "../wire/fields.ts";
import { limits } from "../wire/limits.ts";
import { canonicalUserName } from "../wire/user-name.ts";
import { hasSmallOrder } from "./small-order.ts";

/**
 * The public half of an identity: two public keys that sign each other, and the user's name. Servers use this file too, so
 * no private key comes into it.
 */
export interface PublicIdentity {
  /** Canonical user name; part of what is signed, so a server cannot show these keys under another name. */
  readonly name: string;
  /** RSA, 3072 bits: epoch keys are wrapped for it with OAEP-SHA256. */
  readonly wrapping: KeyObject;
  /** Ed25519: signs messages and membership entries. */
  readonly signing: KeyObject;
  /** SHA-256 of `bytes`. */
  readonly fingerprint: Uint8Array;
  /** The identity as it travels. */
  readonly bytes: Uint8Array;
}

export const rsaBits = 3072;
const ed25519Bytes = 32;

const identityFields = z.strictObject({
  name: z.string(),
  /** SubjectPublicKeyInfo (RFC 5280) in DER. */
  wrapping: anyBytesField,
  /** The raw key (RFC 8032). */
  signing: anyBytesField,
  byWrapping: anyBytesField,
  bySigning: anyBytesField,
});
export type IdentityFields = z.output<typeof identityFields>;

/** What the signing key signs: both keys under this name. */
export function identityStatement({ name, wrapping, signing }: Pick<IdentityFields, "name" | "wrapping" | "signing">) {
  return Buffer.concat([Buffer.from("fastchat identity v1\0"), signing, wrapping, Buffer.from(name)]);
}

/** What the wrapping key signs: that it belongs to this signing key, whatever the name. */
export function keyPairStatement({ wrapping, signing }: Pick<IdentityFields, "wrapping" | "signing">) {
  return Buffer.concat([Buffer.from("fastchat key pair v1\0"), signing, wrapping]);
}

export const identityPadding = { padding: rsa.RSA_PKCS1_PSS_PADDING, saltLength: 32 } as const;

/**
 * The identity in these bytes, if its form, key sizes and both signatures are right. The caller compares its name with the
 * one that was asked for.
 */
export function openPublicIdentity(bytes: Uint8Array): Parsed<PublicIdentity> {
  if (bytes.length > limits.identityBytesMax)
    return refused(`an identity has at most ${limits.identityBytesMax} bytes`);
  const fields = parseCbor(bytes, identityFields);
  if (!fields.ok) return refused(`identity: ${fields.reason}`);
  // With its fields in another order anybody could give an identity another fingerprint.
  if (!equalBytes(encode(fields.value), bytes)) return refused("identity: the fields are not in their order");
  const { name, byWrapping, bySigning } = fields.value;
  const canonical = canonicalUserName(name);
  if (!canonical.ok || canonical.value !== name) return refused("the identity's name is not in canonical form");

  const keys = readKeys(fields.value);
  if (!keys.ok) return keys;
  const { wrapping, signing } = keys.value;
  if (!verify(null, identityStatement(fields.value), signing, bySigning)) {
    return refused("the signing key has not signed this identity");
  }
  if (!verify("sha256", keyPairStatement(fields.value), { key: wrapping, ...identityPadding }, byWrapping)) {
    return refused("the wrapping key has not signed the signing key");
  }
  return accepted({ name, wrapping, signing, fingerprint: fingerprintOf(bytes), bytes });
}

export function fingerprintOf(identityBytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(identityBytes).digest();
}

function readKeys(fields: IdentityFields): Parsed<{ wrapping: KeyObject; signing: KeyObject }> {
  if (fields.signing.length !== ed25519Bytes) return refused(`an Ed25519 key has ${ed25519Bytes} bytes`);
  if (hasSmallOrder(fields.signing)) return refused("under this signing key anybody can sign");
  try {
    const wrapping = createPublicKey({ key: Buffer.from(fields.wrapping), format: "der", type: "spki" });
    const details = wrapping.asymmetricKeyDetails;
    if (
      wrapping.asymmetricKeyType !== "rsa" ||
      details?.modulusLength !== rsaBits ||
      details.publicExponent !== 65537n
    ) {
      return refused(`the wrapping key must be RSA of ${rsaBits} bits with exponent 65537`);
    }
    // OpenSSL ignores bytes behind a key; other clients refuse them.
    if (!equalBytes(wrapping.export({ type: "spki", format: "der" }), fields.wrapping)) {
      return refused("the wrapping key is not in DER, or not alone");
    }
    return accepted({ wrapping, signing: ed25519PublicKey(fields.signing) });
  } catch (cause) {
    return refused(`the identity's keys cannot be read: ${messageOf(cause)}`);
  }
}

export function ed25519PublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(raw).toString("base64url") },
    format: "jwk",
  });
}
